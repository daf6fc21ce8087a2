"""What is odd about the lines of a text file, which may be texts or not."""

import re
from collections.abc import Iterator, Sequence

from training.data.examples import InvalidExamples
from training.data.files import DataFile
from training.data.formats.label_files import is_often_no_intent
from training.data.formats.line_forms import REMEDY
from training.data.formats.line_tables import have_same_name
from training.data.formats.outlines import INDENTED, LIST_LINE, SECTION, have_other_numbers
from training.data.formats.possible_labels import describe_possible_labels
from training.data.formats.reading import Reading
from training.data.formats.spreadsheet_columns import CELL, NAMES_OF_COLUMNS

_BETWEEN_QUOTES = re.compile(r"\s*([\"']).*\1,?\s*\Z")
"""A line that begins and ends with a quotation mark, whatever is in between."""

_COMMENT = re.compile(r"(?:#+|//|;+|--|%+|/\*|<!--|REM)\s+\S")
_TAG = re.compile(
    r"\s*</?[a-z][\w:-]*(?:\s+[\w:-]+\s*=\s*[\"'][^\"']*[\"'])*\s*/?>\s*", re.IGNORECASE
)

_RULE = re.compile(r"\s*+([=*~_#-])\1{2,}\s*+")

_HEADING = re.compile(
    r"\s*+(?:intent\s*+:\s*+[\w.+/-]++|[\w.+/-]++:"
    r"|([=*~_-]{2,40})\s{0,9}[\w.+/-]{1,100}\s{0,9}\1)\s*+",
    re.IGNORECASE,
)
"""A line that may be the name of an intent above its texts: `greet:`, `intent: greet`."""

_ODD_TEXTS = {
    _COMMENT.match: "texts that begin like a comment",
    SECTION.fullmatch: "texts that are a name in brackets",
    _HEADING.fullmatch: "texts that may be headings with the names of intents",
    _RULE.fullmatch: "texts that are rules, as below headings",
    _TAG.fullmatch: "texts that are tags of a markup language",
    CELL.fullmatch: "texts in quotation marks, which are part of them",
}
"""What matches a line that may be no text, and what it is, in the plural."""


def note_what_is_odd(
    file: DataFile, lines: Sequence[tuple[int, str]], label: str, reading: Reading
) -> None:
    """Name what is odd about all texts of a file, or about the first of several.

    Raise `InvalidExamples` where they may have labels, and the name of the file is hardly one.
    """
    for fact in _describe_file([line for _number, line in lines], label, reading.needs_labels):
        reading.remarks.note(fact, file.location(), len(lines))
    for fact in describe_possible_labels(lines) if reading.needs_labels else ():
        if is_often_no_intent(label):
            raise InvalidExamples(
                f"{file.name} has {fact}, and its own name is hardly an intent. {REMEDY}."
            )
        reading.remarks.note(fact, file.location(), len(lines))
    if len(lines) > 1 and lines[0][1].strip().casefold() in NAMES_OF_COLUMNS:
        fact = "texts that may be the name of a column"
        reading.remarks.note(fact, file.location("line", lines[0][0]))


def _describe_file(lines: Sequence[str], label: str, needs_labels: bool) -> Iterator[str]:
    """Say what is odd about all texts of a file, in the plural."""
    if have_same_name(lines):
        yield "names and colons before texts, the same in each line, which are part of the texts"
    if all(map(_BETWEEN_QUOTES.match, lines)) and not all(map(CELL.fullmatch, lines)):
        yield "texts between quotation marks, which are part of them"
    if all(map(LIST_LINE.match, lines)) and have_other_numbers(lines):
        yield "texts that begin like the items of a list, whose numbers do not count up"
    if needs_labels and lines and is_often_no_intent(label):
        yield f"texts with the label {label}, the name of their file, which may be no intent"


def describe_odd(line: str, is_outline: bool) -> str | None:
    """Say what in a text may not belong to it, in the plural.

    `is_outline` means that the first line of the file is not indented.
    """
    if is_outline and INDENTED.match(line):
        return "texts that are indented, as below a heading"
    for matches, fact in _ODD_TEXTS.items():
        if matches(line):
            return fact
    if line.lstrip().startswith('"') and line.count('"') % 2:
        return "texts with a quotation mark that is not closed, which may go on in the next line"
    return None
