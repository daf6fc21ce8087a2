"""Fields beside text and label that state the split of a text or correct its label."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from prompt_capture.domain.field_names import Misspelling
from prompt_capture.domain.text import strip_invisible
from training.data.examples import InvalidExamples
from training.data.formats.json_paths import last_name, walk
from training.data.formats.split_names import SPLIT_NAME, SPLIT_NAMES
from training.data.locations import Location
from training.data.remarks import Remarks

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

_CORRECTING = ("corrected", "final", "gold", "human", "manual", "new", "revised", "true")
_CORRECTIONS = frozenset(
    name
    for word in _CORRECTING
    for field in ("intent", "label")
    for name in (f"{word}{field}", f"{field}{word}")
)
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


def reject_other_label(
    example: Mapping[str, Any], location: Location, field: str = "label"
) -> None:
    """Raise `InvalidExamples` where a correction contradicts the label, which a field has."""
    label = example.get(field)
    for name in filter(is_correction, example) if isinstance(label, str) else ():
        corrected = example[name]
        if corrected in (None, "") or not isinstance(corrected, str | int | float):
            continue
        if strip_invisible(str(corrected)) not in {"", strip_invisible(str(label))}:
            raise InvalidExamples(
                f"{location}: {field} and {name} differ. Write the same intent in both, or delete "
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
