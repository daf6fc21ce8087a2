"""Columns of texts that a spreadsheet or pandas saved alone: their cells and their names."""

import re
from collections.abc import Iterable

CELL = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
"""A line in quotes, as a spreadsheet writes a cell, and what is in them."""

_NEEDS_QUOTES = re.compile(r'[,;\t]|""')
"""What a cell contains that a spreadsheet puts in quotes."""

NAMES_OF_COLUMNS = frozenset(
    name + ending
    for name in ("message", "phrase", "prompt", "query", "sentence", "text", "utterance")
    for ending in ("", "s")
) | {"queries"}
"""How the column may be called from which a spreadsheet or pandas saved the texts alone."""


def is_column_of_spreadsheet(lines: Iterable[str]) -> bool:
    """Return whether a spreadsheet wrote the lines: it puts quotes around the cells that need them.

    Such a cell contains a comma, or quotes, which are doubled.
    """
    quoted, others = list[str](), list[str]()
    for line in lines:
        (quoted if '"' in line else others).append(line)
    cells = [CELL.fullmatch(line) for line in quoted]
    inner = [cell[1] for cell in cells if cell]
    is_consistent = not any("," in line for line in others) or any('""' in text for text in inner)
    is_quoted = len(inner) == len(cells) and all(map(_NEEDS_QUOTES.search, inner))
    return bool(inner) and is_quoted and is_consistent


def read_cell(line: str) -> str:
    """Return the text that a spreadsheet wrote as a line."""
    cell = CELL.fullmatch(line)
    return cell[1].replace('""', '"') if cell else line
