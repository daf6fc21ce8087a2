"""Pairs of a text and its label, as lists in JSON."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any, Final

from training.data.formats.json_paths import get

_READ: Final = 1_000
"""How many pairs say on which side the labels are."""


def is_pair(value: Any) -> bool:
    """Return whether a value is a text and its label, or a list with the label."""
    is_list = isinstance(value, list) and len(value) == 2
    return is_list and isinstance(value[0], str) and isinstance(get(value[1], "0") or value[1], str)


def filter_pair(items: Iterable[Any], more: str = "") -> str:
    """Return the filter for a pair, which is one of some items. `more` are further fields."""
    text, label = (1, 0) if have_labels_first(items) else (0, 1)
    return f"{{text: .[{text}], label: .[{label}]{more}}}"


def list_pairs(value: dict[str, list[Any]]) -> Iterable[Any]:
    """Return the pairs in the lists of an object."""
    return chain.from_iterable(value.values())


def have_labels_first(items: Iterable[Any]) -> bool:
    """Return whether the first sides of pairs are labels: names without spaces, which repeat.

    Where both sides have as many, the labels are first if there are spaces in the second sides.
    """
    pairs = list(filter(is_pair, islice(items, _READ)))
    if not all(isinstance(second, str) for _first, second in pairs):
        return False
    firsts, seconds = {first for first, _second in pairs}, {second for _first, second in pairs}
    if any(" " in name for name in firsts) or len(firsts) > len(seconds):
        return False
    return len(firsts) < len(seconds) or any(" " in text.strip() for text in seconds)
