"""Secrets in the column of a table that names them, in a text on one line."""

import re
from collections.abc import Iterator, Sequence

from prompt_capture.domain.entities.searched import (
    MASK,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.values import MASK_OR_NOTE, NO_VALUE
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_DIVIDERS = "|;,"
_MIN_DIVIDERS = 3
RULER = lazy_pattern(r"\|(?: ?:?-{2,}:? ?\|){2,}")
"""The ruler of a table in Markdown: "|---|:--:|"."""
_COLUMNS = (
    *words.PASSWORD, *words.PIN,
    *names("token secret", "api key", "access key", "door code", "gate code", "alarm code",
           "access code", "entry code", "safe code"),
)  # fmt: skip
_ANY_COLUMN = any_of(_COLUMNS)
_NAME = NamePattern(_COLUMNS, _ANY_COLUMN)
_NAMES_SECRETS = lazy_pattern(rf"(?:.*[^a-z0-9])?{_ANY_COLUMN}{NOT_BEFORE_WORD}[\"' *_)]*")
_FIELD = lazy_pattern(r"[a-z_][a-z0-9_.-]{0,30}")
_MAX_ROWS, _MAX_COLUMNS = 60, 40
_MIN_VALUE, _MAX_VALUE = 3, 80
_MAX_WORDS = 4
"""Words of the first value in a row, such as a name."""


def find_in_columns(searched: Searched) -> Iterator[Span]:
    """Find the values below the header of a password, a PIN or a token.

    The columns are as many as a ruler or the header has. Without a ruler, the header consists of
    single words, and its last one and the first value stand in one cell: a line break is a space.
    """
    if not _NAME.may_be_in(searched):
        return
    lower = searched.lower
    divider = max(_DIVIDERS, key=lower.count)
    if lower.count(divider) < _MIN_DIVIDERS:
        return
    ruler = RULER.search(lower) if divider == "|" else None
    if ruler:
        yield from _below_ruler(searched, ruler)
    else:
        yield from _below_words(searched, divider)


def _below_ruler(searched: Searched, ruler: re.Match[str]) -> Iterator[Span]:
    """Find the values in a table of Markdown, whose rows begin and end with a bar."""
    count = ruler[0].count("|") - 1
    header = searched.lower[: ruler.start()].rstrip(" ").removesuffix("|").split("|")[-count:]
    cells = _cells(searched.lower, ruler.end(), "|")
    for column, name in enumerate(header):
        if _NAMES_SECRETS.fullmatch(name):
            # Between two rows is an empty cell.
            yield from _values(searched, cells[column + 1 :: count + 1])


def _below_words(searched: Searched, divider: str) -> Iterator[Span]:
    """Find the values below a header of single words."""
    cells = _cells(searched.lower, 0, divider)
    texts = [searched.lower[slice(*cell)].strip(" \"'") for cell in cells]
    last = next((number for number, text in enumerate(texts) if number and " " in text), 0)
    header = [texts[0].rpartition(" ")[2], *texts[1:last], texts[last].partition(" ")[0]]
    if not 0 < last <= _MAX_COLUMNS or not all(map(_FIELD.fullmatch, header)):
        return
    for column, name in enumerate(header):
        if not _NAMES_SECRETS.fullmatch(name.replace("_", " ")):
            continue
        below = cells[column + last :: last]
        if column == last:
            below = list(_last_in_rows(searched.lower, below))
        if column:
            yield from _values(searched, below)


def _last_in_rows(lower: str, cells: Sequence[Span]) -> Iterator[Span]:
    """Find the last values of rows. Behind each, the first value of the next row is in the cell.

    A sentence is no value: "password swordfish, please buy a drink every two hours, thank you".
    """
    for number, (start, end) in enumerate(cells, 1):
        if number < len(cells) and lower.count(" ", start + 1, end) > _MAX_WORDS:
            return
        space = lower.find(" ", start + 1, end)
        yield start, space if space >= 0 else end


def _cells(lower: str, start: int, divider: str) -> list[Span]:
    """Return the spans of the cells from a position."""
    cells = []
    while start <= len(lower):
        end = lower.find(divider, start)
        end = len(lower) if end < 0 else end
        cells.append((start, end))
        start = end + 1
    return cells


def _values(searched: Searched, cells: Sequence[Span]) -> Iterator[Span]:
    """Return the spans of the values in some cells, up to one that has none."""
    for start, end in cells[:_MAX_ROWS]:
        cell = searched.text[start:end]
        value = cell.strip(" \"'`*")
        if MASK in value:
            continue
        if not _MIN_VALUE <= len(value) <= _MAX_VALUE or " " in value:
            return
        if not (NO_VALUE.fullmatch(value) or MASK_OR_NOTE.fullmatch(value)):
            begin = start + cell.index(value)
            yield begin, begin + len(value)
