"""What the readers of all formats share: the check of each text and its label."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.types import describe_first_error
from training.data.examples import TRAINING_SPLIT, Example, InvalidExamples, LocatedExample
from training.data.formats.aliases import find_label_alias
from training.data.formats.odd_values import (
    ENCODED,
    MISSING_TEXTS,
    is_encoded,
    is_no_value,
    missing_label,
    reject_odd_labels,
)
from training.data.formats.refusals import Refusal, find_refusal
from training.data.formats.split_names import TRAINING_ALIAS
from training.data.locations import Location
from training.data.remarks import Remarks

_NO_LABEL = "-"
"""Takes the place of the label where labels are not needed."""

_SHOWN = 10
"""How many fields that are not read are named."""

_LABELS_NEEDED = ". Training and measuring need the label of each text; `predict` does not."

_EXPECTED_TEXT = ". Write an object for each text, and the text in quotation marks."
_EXPECTED_LABEL = ". Write the name of the intent in quotation marks, not its number."

_SHORTER = ". Shorten it; if it is the text, exchange the text and the label."
_REMEDIES = {
    "secondary": '. Write a list of the names of intents: ["email", "reminder"].',
    "corrected": ". Write true, or delete the field.",
    "split": ". Write the name of the split in quotation marks, such as train or test.",
}
"""What to do about a value of a wrong type, by the name of its field."""

_REQUIRED = frozenset({"text", "label"})
"""The fields that may not be null. In all others, null means that there is no value."""

_OF_SPREADSHEET = re.compile(
    r"\d+\.0+|\d(?:\.\d+)?E[+-]?\d+|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2,4}"
    r"|(?:\d{1,2}([/.])\d{1,2}\1\d{2,4}|\d{4}-\d\d-\d\d)(?:[ T][\d:.]+)?"
)
"""A label that a spreadsheet made of `1`, `01`, `1e5` or `jan24`."""

_PLACEHOLDER = re.compile(r"[\W_]+|to[ _-]?do|tbd|fixme|unlabell?ed|unsure", re.IGNORECASE)
"""A label that people write where they have not decided yet."""

_QUOTED_TEXT = re.compile(
    r"([\"'`])(?:(?!\1).)+\1|[\u201c\u201e][^\u201c\u201d]+[\u201c\u201d]|\u00ab[^\u00bb]+\u00bb",
    re.DOTALL,
)
"""A text with quotation marks around it, and none of the same kind in it."""

_BYTES = re.compile(r"b([\"']).*\1", re.DOTALL)
"""A text that Python wrote without decoding it."""


def ignore_position(position: int) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Reading:
    """How to read files: what was left out goes to `remarks`.

    Without `needs_labels`, only the text of a row is read. `report` receives how many
    bytes were read since the last report.
    """

    remarks: Remarks = field(default_factory=Remarks)
    needs_labels: bool = True
    report: Callable[[int], None] = ignore_position

    def accept(self, values: Mapping[str, Any], location: Location) -> LocatedExample | None:
        """Return the example with some values, or None where its text is empty.

        Raise `InvalidExamples`.
        """
        if not self.needs_labels:
            values = {"text": values.get("text"), "label": _NO_LABEL}
        values = {
            name: value for name, value in values.items() if value is not None or name in _REQUIRED
        }
        if isinstance(label := values.get("label"), str) and label != strip_invisible(label):
            values["label"] = strip_invisible(label)
            self.remarks.change("white space around labels is removed", location)
        split = values.get("split")
        values["split"] = (split.strip().casefold() or None) if isinstance(split, str) else split
        if values["split"] == TRAINING_ALIAS:
            values["split"] = TRAINING_SPLIT
            self.remarks.change(f"the split {TRAINING_ALIAS} is read as {TRAINING_SPLIT}", location)
        example = _to_example(values, location)
        if not example.text.strip():
            self.remarks.leave_out("texts that are empty", location)
            return None
        reject_odd_labels((example.label, *example.secondary), location)
        if missing := next(filter(is_no_value, (example.label, *example.secondary)), None):
            raise missing_label(missing, location)
        self._note_odd_values(example, location)
        return LocatedExample(example, location)

    def _note_odd_values(self, example: Example, location: Location) -> None:
        """Name a label and a text that a program may have written in place of the right ones."""
        if self.needs_labels and _OF_SPREADSHEET.fullmatch(example.label):
            fact = (
                "labels that are a number or a date as spreadsheets write them, such as 1.0, 1E+05"
            )
            self.remarks.note(f"{fact} or Jan-24: compare them with the original", location)
        if self.needs_labels and _PLACEHOLDER.fullmatch(example.label):
            fact = "labels that may say that there is none yet, such as ? or TODO"
            self.remarks.note(f"{fact}: delete these rows, unless they are intents", location)
        if is_no_value(example.text):
            self.remarks.note(MISSING_TEXTS, location)
        if is_encoded(example.text) or is_encoded(example.label):
            self.remarks.note(ENCODED, location)
        if _BYTES.fullmatch(example.text):
            self.remarks.note("texts that are written like bytes of Python, b'...'", location)

    def find_refusal(self, values: Mapping[str, Any], location: Location) -> Refusal | None:
        """Return the field with which an annotator refused the label of a text, and name it."""
        refusal = find_refusal(values) if self.needs_labels else None
        if refusal:
            reason = f"texts whose label an annotator refused ({refusal})"
            self.remarks.leave_out(reason, location)
        return refusal

    def note_quotes(self, located: LocatedExample) -> None:
        """Name a text in quotation marks, of a format that has no such quotes or has other ones."""
        if _QUOTED_TEXT.fullmatch(located.example.text.strip()):
            self.remarks.note("texts in quotation marks, which are part of them", located.location)

    def leave_out_fields(self, names: Sequence[str], location: Location) -> None:
        """Name the fields or columns of a file that are not read."""
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            reason = f"fields that are not read: {', '.join(names[:_SHOWN])}{more}"
            self.remarks.leave_out(reason, location, len(names))


def _to_example(values: Mapping[str, Any], location: Location) -> Example:
    try:
        return Example.model_validate(values)
    except ValidationError as error:
        if isinstance(values.get("text"), str) and values.get("label", _NO_LABEL) in ("", None):
            reason = f"{location} has no label. Add the label, or delete the text."
        else:
            hint = (
                _describe_missing_label(values)
                or _describe_wrong_type(values)
                or _describe_remedy(error)
            )
            reason = f"{location}: {describe_first_error(error, 'line')}{hint}"
    raise InvalidExamples(reason)


def _describe_wrong_type(values: Mapping[str, Any]) -> str:
    """Return what to do about a text or a label that is a number, a truth value or a list."""
    if not isinstance(values.get("text"), str):
        return _EXPECTED_TEXT
    return "" if isinstance(values["label"], str) else _EXPECTED_LABEL


def _describe_remedy(error: ValidationError) -> str:
    """Return what to do about the first invalid value, where that is known."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "string_too_long":
        return _SHORTER
    return _REMEDIES.get(name, "")


def _describe_missing_label(values: Mapping[str, Any]) -> str:
    if "label" in values:
        return ""
    found = find_label_alias(values)
    return f". Rename the field {found} to label." if found else _LABELS_NEEDED
