"""Review files in three formats (JSON, CSV, Label Studio tasks), and the decisions in them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.types import Label, Note, describe_first_error

ReviewFormat = Literal["json", "csv", "label-studio"]

SUFFIXES: Mapping[ReviewFormat, str] = {
    "json": "json",
    "csv": "csv",
    "label-studio": "tasks.json",
}

ReviewEntry = dict[str, Any]

_COLUMNS = (
    "id",
    "prompt",
    "predicted_intent",
    "confidence",
    "created_at",
    "corrected_intent",
    "notes",
)
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")


class ReviewedPrompt(BaseModel):
    """A reviewer's decision about a prompt. Fields for information only are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    id: UUID
    corrected_intent: Label
    notes: Note | None = None


@dataclass(frozen=True)
class EntryError:
    """An entry that is not valid: its number in the file (a CSV's line), from 1, and the reason."""

    entry: int
    reason: str


@dataclass(frozen=True)
class Review:
    """The content of a review file: decisions by entry number, empty entries, and errors."""

    decided: dict[int, ReviewedPrompt]
    undecided: int
    errors: list[EntryError]


def write_entries(entries: Sequence[Mapping[str, Any]], review_format: ReviewFormat) -> bytes:
    """Return the content of a review file."""
    if review_format == "csv":
        return _write_csv(entries)
    is_label_studio = review_format == "label-studio"
    values = [_to_task(entry) for entry in entries] if is_label_studio else entries
    lines = ",\n  ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"[\n  {lines}\n]\n".encode() if entries else b"[]\n"


def read_review(text: str) -> Review:
    """Read a review file of any format that the export writes.

    Entries that are not valid do not affect the others. Raise `InvalidReview` where the file as a
    whole is not valid.
    """
    decided, errors, undecided = {}, [], 0
    first_entries: dict[UUID, int] = {}
    for number, entry in read_entries(text).items():
        if isinstance(entry, dict) and not entry.get("corrected_intent"):
            undecided += 1
            continue
        try:
            reviewed = ReviewedPrompt.model_validate(_without_empty_fields(entry))
        except ValidationError as error:
            errors.append(EntryError(number, describe_first_error(error, "entry")))
            continue
        first = first_entries.setdefault(reviewed.id, number)
        if first == number:
            decided[number] = reviewed
        else:
            errors.append(EntryError(number, f"id: entry {first} already decides this prompt"))
    return Review(decided, undecided, errors)


def read_entries(content: str) -> dict[int, Any]:
    """Return the entries by number: the line in a CSV, otherwise the position in the list, from 1.

    The content determines the format. Raise `InvalidReview`.
    """
    if not content.lstrip().startswith("["):
        return _read_csv(content)
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidReview(f"The file is not valid JSON: {error}") from None
    return {
        number: _from_task(entry) if isinstance(entry, dict) and "data" in entry else entry
        for number, entry in enumerate(entries, 1)
    }


def _write_csv(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Write a CSV with a byte order mark, and escape messages that look like formulas."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for entry in entries:
        text = str(entry["prompt"])
        shown = f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text
        writer.writerow({**entry, "prompt": shown})
    return file.getvalue().encode("utf-8-sig")


def _read_csv(content: str) -> dict[int, Any]:
    file = io.StringIO(content.removeprefix("\ufeff"), newline="")
    header = file.readline()
    file.seek(0)
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(file, delimiter=delimiter)
    if not {"id", "corrected_intent"} <= set(reader.fieldnames or ()):
        raise InvalidReview(
            "The file is not a review file: it needs the columns id and corrected_intent."
        )
    try:
        return dict((reader.line_num, row) for row in reader)  # noqa: C402
    except csv.Error as error:
        raise InvalidReview(f"The file is not valid CSV: {error}") from None


def _to_task(entry: Mapping[str, Any]) -> ReviewEntry:
    shown = {name: entry[name] for name in _COLUMNS if name in entry}
    choice = {
        "from_name": "intent",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [entry["predicted_intent"]]},
    }
    return {
        "data": shown,
        "predictions": [{"score": entry["confidence"], "result": [choice]}],
    }


def _from_task(task: ReviewEntry) -> ReviewEntry:
    """Return an entry with the annotator's choice: the last annotation that was not cancelled."""
    entry = dict(task["data"]) if isinstance(task["data"], dict) else {}
    for annotation in task.get("annotations") or []:
        if not annotation.get("was_cancelled"):
            for result in annotation.get("result", []):
                value = result.get("value", {})
                if result.get("from_name") == "intent":
                    entry["corrected_intent"] = next(iter(value.get("choices", [])), None)
                elif result.get("from_name") == "notes":
                    entry["notes"] = "\n".join(value.get("text", []))
    return entry


def _without_empty_fields(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if value not in ("", None)}
