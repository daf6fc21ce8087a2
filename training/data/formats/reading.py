"""What the readers of all formats share: the check of each text and its label."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from prompt_capture.domain.field_names import Misspelling
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.types import describe_first_error
from training.data.examples import TRAINING_SPLIT, Example, InvalidExamples, LocatedExample
from training.data.formats.aliases import find_label_alias
from training.data.formats.json_paths import last_name, walk
from training.data.formats.refusals import Refusal, find_refusal
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

_TRAINING = "training"
"""Another common name of the split for training."""

SPLIT_NAMES = frozenset(
    {
        *(TRAINING_SPLIT, _TRAINING, "test", "testing", "dev", "val", "valid", "validation"),
        *("devtest", "eval", "evaluation", "heldout", "held-out", "held_out", "holdout", "gold"),
    }
)
"""The names of splits, in lower case."""

_SPLITS = "|".join(sorted(SPLIT_NAMES, key=lambda name: (-len(name), name)))
SPLIT_AND_NOUN = rf"(?P<split>{_SPLITS})(?:[ _.-]?(?:set|split|data|dataset|examples|files|texts))?"
SPLIT_NAME = re.compile(rf"(?:\d+[ _.-]+)?{SPLIT_AND_NOUN}(?:[ _.-]?\d+)?")
"""The name of a split in lower case, with what people add: `test`, `test_set`, `02-test`."""

_SPLIT = "split"
_SPLIT_ALIASES = frozenset(
    {
        *("datasplit", "dataset", "datasetsplit", "fold", "mluse", "part", "partition", "phase"),
        *("set", "splitname", "subset", "usage"),
    }
)
"""How other programs name the split of a text, as compared."""

CORRECTED = "corrected_intent"
"""The field of a review file that may contradict the label of a text."""

_CORRECTIONS = frozenset({"correctedintent", "correctedlabel", "intentcorrected", "labelcorrected"})
"""The fields in which people correct a label, as compared."""

_SPLIT_FLAGS = frozenset(
    {
        *("isdev", "iseval", "isheldout", "isholdout", "istest", "istesting", "istrain"),
        *("istraining", "isval", "isvalid", "isvalidation"),
        *("dev", "heldout", "holdout", "test", "train", "training", "validation"),
    }
)
_FLAGS = frozenset({"0", "0.0", "1", "1.0", "f", "false", "n", "no", "t", "true", "y", "yes"})
"""Fields with which other programs say whether a text is in a split, and the values of these."""

_SPLIT_FIELDS = _SPLIT_ALIASES | _SPLIT_FLAGS
_BETWEEN_WORDS = re.compile(r"[\W_]+")

_NO_VALUE = re.compile(
    r"nan|<na>|n/a|\\N|##+|#getting_data|#nv|#yok|#n/a|(?:err|error|erreur|fehler):\d{3}",
    re.IGNORECASE,
)
"""What spreadsheets, pandas and databases write in place of a value."""

_LIST = re.compile(r"\[\s*\]|\[.*,.*\]|\{.*\}|[\[(]\s*['\"].*[\])]", re.DOTALL)
"""A list, set or object of labels, as pandas, PostgreSQL and Label Studio write it into a cell."""

_OF_SPREADSHEET = re.compile(
    r"\d+\.0+|\d(?:\.\d+)?E[+-]?\d+|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2,4}"
    r"|(?:\d{1,2}([/.])\d{1,2}\1\d{2,4}|\d{4}-\d\d-\d\d)(?:[ T][\d:.]+)?"
)
"""A label that a spreadsheet made of `1`, `01`, `1e5` or `jan24`."""

_LINE_END = re.compile(r"[\r\n]")

_QUOTED = re.compile(
    r"b?([\"'`]).*\1|[\u201c\u201e\u00ab\u2018].*[\u201d\u201c\u00bb\u2019]", re.DOTALL
)
"""A label in quotation marks, which a program wrote or a space before them kept."""

_QUOTED_TEXT = re.compile(
    r"([\"'`])(?:(?!\1).)+\1|[\u201c\u201e][^\u201c\u201d]+[\u201c\u201d]|\u00ab[^\u00bb]+\u00bb",
    re.DOTALL,
)
"""A text with quotation marks around it, and none of the same kind in it."""

_BYTES = re.compile(r"b([\"']).*\1", re.DOTALL)
"""A text that Python wrote without decoding it."""

LABEL_PREFIX = "__label__"
"""What precedes a label in files of fastText."""

_FORMULA = re.compile(r"=\s*[\w\"'(+-].*", re.DOTALL)
"""A formula of a spreadsheet, such as `=B2`, which was saved in place of its value."""

_ERROR = re.compile(r"#[¡¿]?[^\W\d_][\w/]*[!?]|#[^\W\d_]/[^\W\d_]")
"""An error of a spreadsheet in any language, in upper case: `#REF!`, `#BEZUG!`, `#¿NOMBRE?`."""


MISSING_TEXTS = "texts that are an error of a spreadsheet or a missing value, such as #N/A"


def missing_label(label: str, location: Location) -> InvalidExamples:
    """Return the error for a label that stands for a missing value."""
    return InvalidExamples(
        f"{location}: the label {label} is an error of a spreadsheet or a missing value. Write the "
        "intent, or delete the row. If it is an intent, rename it."
    )


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
        if values["split"] == _TRAINING:
            values["split"] = TRAINING_SPLIT
            self.remarks.change(f"the split {_TRAINING} is read as {TRAINING_SPLIT}", location)
        example = _to_example(values, location)
        if not example.text.strip():
            self.remarks.leave_out("texts that are empty", location)
            return None
        _reject_other_labels((example.label, *example.secondary), location)
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
        if is_no_value(example.text):
            self.remarks.note(MISSING_TEXTS, location)
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


def reject_other_split(values: Mapping[str, Any], location: Location) -> None:
    """Raise `InvalidExamples` where another field than `split` states the split of a text."""
    if _SPLIT in values:
        return
    for path, value in walk(values, states_split):
        if not isinstance(value, str | int):
            continue
        name = _compared(last_name(path))
        if _is_split_name(value) and name not in _SPLIT_FLAGS:
            raise InvalidExamples(f"{location}: {path} {Misspelling(path, _SPLIT).reason}.")
        is_flag = name in _SPLIT_FLAGS and path in values
        if is_flag and str(value).strip().casefold() in _FLAGS:
            raise InvalidExamples(
                f"{location}: {path} is not read. If it says which texts are for training, write "
                "the field split instead, with train or test. If not, delete it."
            )


def reject_other_label(example: Mapping[str, Any], location: Location) -> None:
    """Raise `InvalidExamples` where a correction contradicts the label."""
    label = example.get("label")
    for name in filter(is_correction, example) if isinstance(label, str) else ():
        corrected = example[name]
        if corrected in (None, "") or not isinstance(corrected, str | int | float):
            continue
        if strip_invisible(str(corrected)) not in {"", strip_invisible(str(label))}:
            raise InvalidExamples(
                f"{location}: label and {name} differ. Write the same intent in both, or delete "
                f"{name}."
            )


@lru_cache(maxsize=1_000)  # a file has few fields
def is_correction(name: str) -> bool:
    """Return whether a field of this name corrects the label of a text."""
    return _compared(name) in _CORRECTIONS


def states_split(name: str) -> bool:
    """Return whether a field of this name, or at this path, may state the split of a text."""
    compared = _compared(last_name(name))
    return compared in _SPLIT_FIELDS or compared.endswith(_SPLIT)


class UnreadSplits:
    """Finds the fields that state splits under any name: nearly all values are names of splits."""

    def __init__(self) -> None:
        self._splits: dict[str, set[str]] = {}
        self._others: dict[str, set[str]] = {}
        self._excluded = {"text", "label"}

    def add(self, values: Mapping[str, Any]) -> None:
        """Take the fields of a text that does not state its split as it should."""
        if _SPLIT not in values:
            self._add("", values)

    def _add(self, path: str, values: Mapping[str, Any]) -> None:
        for key, value in values.items():
            name = f"{path}{key}"
            if name in self._excluded or value is None:
                continue
            if isinstance(value, dict) and not path:
                self._add(f"{name}.", value)
            elif not isinstance(value, str):
                self._excluded.add(name)
            elif found := SPLIT_NAME.fullmatch(value.strip().casefold()):
                self._splits.setdefault(name, set()).add(found["split"])
            else:
                others = self._others.setdefault(name, set())
                others.add(value)
                if len(others) > 1:
                    self._excluded.add(name)

    def __iter__(self) -> Iterator[str]:
        for name, splits in self._splits.items():
            if len(splits) > 1 and name not in self._excluded:
                yield name

    def remark(self, remarks: Remarks, location: Location) -> None:
        """Name the fields."""
        if names := list(self):
            reason = f"fields that are not read and seem to be splits: {', '.join(names)}"
            remarks.leave_out(reason, location, len(names))


def _is_split_name(value: object) -> bool:
    return isinstance(value, str) and value.strip().casefold() in SPLIT_NAMES


@lru_cache(maxsize=1_000)  # a file has few fields
def _compared(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.casefold())


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


def _reject_other_labels(labels: Sequence[str], location: Location) -> None:
    """Raise `InvalidExamples` for labels that hold more or something else than one name."""
    if any(_LIST.fullmatch(label.strip()) for label in labels):
        raise InvalidExamples(
            f"{location}: the label is a list. Write the name of one intent, without brackets and "
            "quotes. Files of JSON lines hold further ones in the field `secondary`."
        )
    if any(map(_QUOTED.fullmatch, labels)):
        raise InvalidExamples(
            f"{location}: the label is in quotation marks. Remove them. In CSV, the quotation mark "
            'is " and follows the delimiter without a space.'
        )
    if any(label.startswith(LABEL_PREFIX) for label in labels):
        raise InvalidExamples(
            f"{location}: the label begins with {LABEL_PREFIX}. Remove this part."
        )
    if any(map(_FORMULA.fullmatch, labels)):
        raise InvalidExamples(
            f"{location}: the label is a formula. Save the values of cells, or write the intent."
        )
    if any(map(_LINE_END.search, labels)):
        raise InvalidExamples(
            f"{location}: the label has a line end. Write the name of one intent on one line. "
            "Quotes may have joined several rows."
        )


def is_no_value(text: str) -> bool:
    """Return whether a cell has an error of a spreadsheet, or stands for a missing value."""
    text = text.strip()
    is_error = _ERROR.fullmatch(text) and text == text.upper()
    return bool(is_error or _NO_VALUE.fullmatch(text))


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
