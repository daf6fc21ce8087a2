"""Completed review files: the decisions in them are labels."""

from collections.abc import Iterator

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.review_files import Review, read_entries, read_review
from training.data.examples import EXPORTED_SOURCE, InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.reading import Reading


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the prompts that are decided, with `corrected_intent` as label.

    Where no labels are needed, yield all prompts. Raise `InvalidExamples`.
    """
    content = file.read_text()
    try:
        entries, review = read_entries(content), read_review(content)
    except InvalidReview as error:
        raise file.invalid(str(error)) from None
    if reading.needs_labels and review.errors:
        first = review.errors[0]
        raise InvalidExamples(f"{file.location(review.unit, first.entry)}: {first.reason}.")
    _leave_out(file, review, reading)
    for number, entry in entries.items():
        location = file.location(review.unit, number)
        decided = review.decided.get(number)
        if reading.needs_labels and decided is None:
            is_repeated = number in review.repeated
            reason = "entries that repeat another" if is_repeated else "entries without a decision"
            reading.remarks.leave_out(reason, location)
            continue
        if not isinstance(entry, dict):
            reading.remarks.leave_out("entries that are not objects", location)
            continue
        if entry.get("prompt") is None:
            raise InvalidExamples(
                f"{location} has no prompt. Keep the field prompt of the export: it has the text."
            )
        label = decided.corrected_intent if decided else None
        secondary = (decided.corrected_secondary_intents if decided else None) or ()
        values = {
            "text": entry.get("prompt"),
            "label": label,
            "secondary": secondary,
            "corrected": decided is not None,
            "source": EXPORTED_SOURCE,
        }
        if located := reading.accept(values, location):
            yield located


def _leave_out(file: DataFile, review: Review, reading: Reading) -> None:
    """Name the fields that are not read, and the annotations that do not count."""
    reading.leave_out_fields(review.ignored, file.location())
    for number in review.rejected:
        location = file.location(review.unit, number)
        reading.remarks.leave_out("annotations that a reviewer rejected", location)
