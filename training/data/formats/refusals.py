"""Texts whose label does not hold: annotation tools keep them, with a field that says so."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from training.data.formats.json_paths import last_name, walk

_ANSWERS: Final = frozenset(
    {
        *("deleted", "discard", "discarded", "draft", "excluded", "ignore", "ignored"),
        *("reject", "rejected", "removed", "skip", "skipped"),
    }
)
_FIELDS_OF_ANSWERS: Final = frozenset(
    {
        *("answer", "status", "annotationstatus", "assignmentstatus", "labelstatus"),
        *("reviewstatus", "recordstatus"),
    }
)
"""The fields of Prodigy (`answer`) and Argilla (`status`), and the values that refuse a label."""

_STATES: Final = (
    *("cancelled", "deleted", "discarded", "excluded", "ignored", "rejected", "removed"),
    "skipped",
)
_CLEAR_FLAGS: Final = frozenset(f"{verb}{state}" for verb in ("is", "was") for state in _STATES)
_FLAGS: Final = _CLEAR_FLAGS.union(
    _STATES, ["delete", "discard", "drop", "exclude", "ignore", "reject", "remove", "skip"]
)
"""The fields that refuse a label where they are true. Others than the clear ones may be counts."""

_TIMES: Final = frozenset(f"{state}at" for state in _STATES)
"""The fields that refuse a label where they have a time, such as `deleted_at`."""

_NO_TIME: Final = re.compile(r"[^1-9]*|(?:.*/)?(?:0001|1970|9999)(?:[-/ ].*)?")
"""What programs write for no time: `0000-00-00`, `0001-01-01T00:00:00Z`, `-`, `infinity`."""

_ANNOTATIONS: Final = frozenset(
    {
        *("annotation", "annotations", "meta", "metadata"),
        *("response", "responses", "review", "reviews"),
    }
)
_LABELS: Final = frozenset({"intent", "label"})
_QUESTIONS: Final = _LABELS | {"category", "class", "labels"}
"""The objects and lists that describe an annotation, and what Argilla asks for within them."""

_NO_ANSWERS: Final = frozenset({"", "\\n", "nan", "nat", "none", "null", "pending"})
"""What says that an annotator has not answered."""

_ONE: Final = frozenset({"1", "1.0"})
_TRUE: Final = _ONE | {"t", "true", "y", "yes"}

_LIST = re.compile(r"\[.*\]", re.DOTALL)
_ITEM = re.compile(r"[^\s\[\],'\"]+")
"""A list in a cell, as pandas and NumPy write it, and an item of it."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def may_refuse(name: str) -> bool:
    """Return whether a field of this name may say that the label of a text does not hold."""
    return _compare(last_name(name)) in _FIELDS_OF_ANSWERS | _FLAGS | _TIMES


class Refusal(NamedTuple):
    """The field that says that the label of a text does not hold, and its value."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def find_refusal(values: Mapping[str, Any]) -> Refusal | None:
    """Return the first field that says that the label of a text does not hold.

    It may be in objects and lists that describe the annotation, such as `meta`. Where it has the
    answers of several annotators, all of them refuse the label. An answer beside the text decides.
    A flag with the name of the label says which intent the text has.
    """
    answers: dict[str, list[str]] = {}
    for path, value in walk(values, _is_about_label):
        name = path.partition(".")[0] if _is_within_time(path) else path
        if isinstance(value, str | int | float | date) and (given := _list_answers(value)):
            answers.setdefault(name, []).extend(given)
    if not answers:
        return None
    is_answered = any(_compare(path) in _FIELDS_OF_ANSWERS for path in answers if "." not in path)
    labels = {
        _compare(value)
        for name, value in values.items()
        if _compare(name) in _LABELS and isinstance(value, str)
    }
    for path, given in answers.items():
        if (
            _compare(path) not in labels
            and _refuses(path, given)
            and not (is_answered and "." in path)
        ):
            return Refusal(path, given[0])
    return None


def _is_about_label(path: str) -> bool:
    """Return whether what is at a path may say that the label of a text does not hold."""
    if _is_within_time(path):
        return True
    if not may_refuse(path):
        return False
    places = set(map(_compare, path.split(".")[:-1]))
    return places <= _ANNOTATIONS or (
        places <= _ANNOTATIONS | _QUESTIONS and not places.isdisjoint(_ANNOTATIONS)
    )


def _is_within_time(path: str) -> bool:
    """Return whether a path leads into a time that is an object, as MongoDB writes it."""
    first, _, rest = path.partition(".")
    return bool(rest) and _compare(first) in _TIMES


def _refuses(path: str, given: Sequence[str]) -> bool:
    name = _compare(last_name(path))
    if name in _FIELDS_OF_ANSWERS:
        return _ANSWERS.issuperset(given)
    if name in _TIMES:  # of the text, and not of one of several annotations
        is_time = any(each in _TRUE or not _NO_TIME.fullmatch(each) for each in given)
        return "." not in path and is_time
    return _TRUE.issuperset(given) and (name in _CLEAR_FLAGS or not _ONE.issuperset(given))


def _list_answers(value: str | float | date) -> list[str]:
    """Return the answers in a value, which may be a list as a cell holds it."""
    written = str(value).strip().casefold()
    answers = _ITEM.findall(written) if _LIST.fullmatch(written) else [written]
    return [each for each in answers if each not in _NO_ANSWERS]


@lru_cache(maxsize=1_000)  # a file has few fields
def _compare(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.casefold())
