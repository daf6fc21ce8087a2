"""Dates below the header of a column, in a table on one line."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.dates import date_at
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

# The header of a column stands beside a divider.
_DIVIDERS = "|;,"
_RULER = lazy_pattern(r"\|(?: ?:?-{2,}:? ?\|)+ ?")
_CELL_BEGINS = lazy_pattern(r" ?[\"'*]{0,2}")


def find_in_column(lower: str, birth: re.Match[str], date: re.Match[str]) -> Iterator[Span]:
    """Find the dates below a date in the column of a table, by the dividers between them.

    In a text on one line, the cell of the next row is as many dividers behind the date as that is
    behind the header.
    """
    divider = lower[date.start() - 1].strip() or lower[max(0, date.start() - 2)]
    if divider not in _DIVIDERS or date.start() < birth.end():
        return
    beside = lower[max(0, birth.start() - 2) : birth.start()] + lower[birth.end() :][:2]
    between = _RULER.sub("", lower[birth.end() : date.start()])
    distance = between.count(divider)
    is_spaced = divider == "," and ", " in lower[birth.end() : date.start()]
    if divider not in beside or not distance or is_spaced:
        return
    position = date.end()
    while position := _cell_behind(lower, position, divider, distance):
        following = date_at(lower, position)
        if not following:
            return
        yield following.span()
        position = following.end()


def _cell_behind(lower: str, position: int, divider: str, distance: int) -> int:
    """Return where a cell begins that is so many dividers behind a value, or 0.

    With one divider alone, the name of the next row stands before it.
    """
    value = position
    for _ in range(distance):
        position = lower.find(divider, position) + 1
        if not position:
            return 0
    if distance == 1 and not lower[value : position - 1].strip(" \"'*"):
        return 0
    begin = _CELL_BEGINS.match(lower, position)
    return begin.end() if begin else 0


def without_dividers(lower: str, birth: re.Match[str], gap: str) -> str:
    """Return what stands between a header and a cell without the dividers that end a sentence."""
    if ";" in gap and ";" in (lower[birth.start() - 1 : birth.start()], gap[:1]):
        gap = gap.replace(";", ",")
    return _RULER.sub("", gap) if "-|" in gap else gap
