"""Texts whose label does not hold: annotation tools keep them, with a field that says so."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

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
_TRUE: Final = frozenset({"1", "1.0", "t", "true", "y", "yes"})
"""The fields that refuse a label where they are true, as compared."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def may_refuse(name: str) -> bool:
    """Return whether a field of this name may say that the label of a text does not hold."""
    return _compare(name) in _FIELDS_OF_ANSWERS | _FLAGS


class Refusal(NamedTuple):
    """The field that says that the label of a text does not hold, and its value."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def find_refusal(values: Mapping[str, Any]) -> Refusal | None:
    """Return the first field that says that the label of a text does not hold.

    It may be in an object beside the text, such as `meta`.
    """
    inner = {
        f"{name}.{key}": each
        for name, value in values.items()
        if isinstance(value, dict)
        for key, each in value.items()
    }
    for path, value in {**values, **inner}.items():
        name = path.rpartition(".")[2]
        if not isinstance(value, str | int | float):
            continue
        written, compared = str(value).strip().casefold(), _compare(name)
        is_answer = compared in _FIELDS_OF_ANSWERS and written in _ANSWERS
        if is_answer or (compared in _FLAGS and written in _TRUE):
            return Refusal(path, written)
    return None


@lru_cache(maxsize=1_000)  # a file has few fields
def _compare(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.casefold())
