"""Texts whose label does not hold: annotation tools keep them, with a field that says so."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from training.data.formats.json_paths import last_name, walk

_ANSWERS: Final = frozenset(
    {
        *("discard", "discarded", "draft", "ignore", "ignored", "reject", "rejected"),
        *("skip", "skipped"),
    }
)
_FIELDS_OF_ANSWERS: Final = frozenset(
    {"answer", "status", "annotationstatus", "labelstatus", "reviewstatus", "recordstatus"}
)
"""The fields of Prodigy (`answer`) and Argilla (`status`), and the values that refuse a label."""

_FLAGS: Final = frozenset(
    {
        *("cancelled", "deleted", "discarded", "ignored", "rejected", "skipped"),
        *("isdeleted", "isdiscarded", "isignored", "isrejected", "isskipped", "wascancelled"),
    }
)
_NO_ANSWERS: Final = frozenset({"", "nan", "none", "null", "pending"})
"""What says that an annotator has not answered."""

_TRUE: Final = frozenset({"1", "1.0", "t", "true", "y", "yes"})
"""The fields that refuse a label where they are true, as compared."""

_LIST = re.compile(r"\[.*\]", re.DOTALL)
_ITEM = re.compile(r"[^\s\[\],'\"]+")
"""A list in a cell, as pandas and NumPy write it, and an item of it."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def may_refuse(name: str) -> bool:
    """Return whether a field of this name may say that the label of a text does not hold."""
    return _compare(last_name(name)) in _FIELDS_OF_ANSWERS | _FLAGS


class Refusal(NamedTuple):
    """The field that says that the label of a text does not hold, and its value."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def find_refusal(values: Mapping[str, Any]) -> Refusal | None:
    """Return the first field that says that the label of a text does not hold.

    It may be in objects and lists beside the text, such as `meta`. Where it has the answers of
    several annotators, all of them refuse the label.
    """
    answers: dict[str, list[str]] = {}
    for path, value in walk(values, may_refuse):
        if isinstance(value, str | int | float):
            answers.setdefault(path, []).extend(_list_answers(value))
    for path, given in answers.items():
        compared = _compare(last_name(path))
        refusing = _ANSWERS if compared in _FIELDS_OF_ANSWERS else _TRUE
        if given and refusing.issuperset(given):
            return Refusal(path, given[0])
    return None


def _list_answers(value: str | float) -> list[str]:
    """Return the answers in a value, which may be a list as a cell holds it."""
    written = str(value).strip().casefold()
    answers = _ITEM.findall(written) if _LIST.fullmatch(written) else [written]
    return [each for each in answers if each not in _NO_ANSWERS]


@lru_cache(maxsize=1_000)  # a file has few fields
def _compare(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.casefold())
