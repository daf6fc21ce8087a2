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
    text, label = (
        (1, 0) if _have_labels_first(list(filter(is_pair, islice(items, _READ)))) else (0, 1)
    )
    return f"{{text: .[{text}], label: .[{label}]{more}}}"


def filter_lists_of_pairs(value: dict[str, list[Any]], more: str = "") -> str:
    """Return the filter for a pair in the lists of an object."""
    return filter_pair(chain.from_iterable(value.values()), more)


def _have_labels_first(pairs: list[list[Any]]) -> bool:
    """Return whether the first sides are names without spaces, and the second ones are texts.

    Names repeat, so that there are not more of them than texts.
    """
    if not all(isinstance(second, str) for _first, second in pairs):
        return False
    names, texts = {first for first, _second in pairs}, {second for _first, second in pairs}
    has_spaces = any(" " in text.strip() for text in texts)
    return has_spaces and not any(" " in name for name in names) and len(names) <= len(texts)
