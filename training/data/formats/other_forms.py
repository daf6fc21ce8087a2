"""Whether the lines of a text file have the form of another format."""

import re
from collections.abc import Sequence

from training.data.examples import InvalidExamples
from training.data.files import DataFile
from training.data.formats.line_forms import REMEDY, OtherForm
from training.data.formats.line_tables import find_names, find_own_name, find_table
from training.data.formats.odd_values import LABEL_PREFIX
from training.data.formats.outlines import (
    LIST_DESCRIPTION,
    LIST_LINE,
    find_sections,
    have_other_numbers,
    have_same_symbol,
)

_MERGE_MARK = re.compile(r"(?:<{7}|>{7}) \S")
"""What Git writes around two versions of some lines."""

_BETWEEN_VERSIONS = "======="

_TABLE_LINE = re.compile(
    r"""\s* (?:
    \+ (?: [-=]{2,}\+ )+ | -{2,} (?: \+-{2,} )+ | -{3,} (?: \ +-{3,} )+
    | [\u250c\u251c\u2514\u2552\u2554\u255e\u2560\u2558\u255a\u256d\u2570] [\u2500-\u257f]+
    | -\[\ RECORD\ \d+\ \]-* ) \s*""",
    re.VERBOSE,
)
"""A line that databases print around the header of a table and its rows, or above a record."""

_QUOTES = "has quotes around each line"

_OTHER_FILES = {
    LIST_LINE: LIST_DESCRIPTION,
    re.compile(
        r"\W*(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}),?[T ]\s*\d{1,2}:\d\d"
        r"(?::\d\d(?:\.\d+)?)?+(?:z|[+-]\d\d:?\d\d)?+(?!\s*+(?:[ap]\.?m\.?|uhr|h)?+\W*+\Z)",
        re.IGNORECASE,
    ): "has a date and a time before each line, as logs and chats do",
    re.compile(r"__\w+?__\S"): "has labels with another prefix than __label__",
    re.compile(r"\s*(?:\(\s*([\"']).*[\"']\s*,?\)|\[\s*([\"']).*[\"']\s*\]),?\s*\Z"): (
        "has a tuple or a list of Python in each line"
    ),
    re.compile(
        r"\s*+\"[^\"]*+\"\s*+[,;]\s*+\"[^\"]*+\",?\s*\Z"
    ): "has two texts in quotes in each line",
    re.compile(r"\s*\{[^{}:\"']*[:\"'].*\},?\s*\Z"): "has an object in each line, but not in JSON",
    re.compile(r"\s*(?:\"(?:[^\"\\]|\"\"|\\.)*\"|'(?:[^'\\]|''|\\.|\b'\b)*'),?\s*\Z"): _QUOTES,
}
"""What other files match in each line, and what they are."""

_LABELLED_WORD = re.compile(r".*\S[ \t](O|[BIESLU]-\S+)\s*\Z|-DOCSTART-")
_OUTSIDE = "O"
"""A line of CoNLL, with its label, and the label of most words."""

_DEFINITION = re.compile(r"\s*[%@~]\[[^\]]+\](?:\(.*\))?\s*")
"""The beginning of a definition of Chatito or Chatette: `%[greet]`."""

_LABEL_BEHIND_TEXT = re.compile(rf"[\s,]{LABEL_PREFIX}\S")


def reject_labels_in_lines(file: DataFile, lines: Sequence[tuple[int, str]]) -> None:
    """Raise `InvalidExamples` for lines that no text has, such as labels of fastText."""
    is_in_conflict = any(line.rstrip() == _BETWEEN_VERSIONS for _number, line in lines)
    for number, line in lines:
        if line.startswith(LABEL_PREFIX) or _LABEL_BEHIND_TEXT.search(line):
            raise InvalidExamples(
                f"{file.location('line', number)} has a label of fastText. {REMEDY}."
            )
        if _DEFINITION.fullmatch(line):
            raise InvalidExamples(
                f"{file.location('line', number)} begins a definition of Chatito. Read the output "
                "of its generator instead."
            )
        if _TABLE_LINE.fullmatch(line):
            raise InvalidExamples(
                f"{file.location('line', number)} is a line of a table that was printed. Write CSV "
                "instead, with the columns text and label."
            )
        if is_in_conflict and _MERGE_MARK.match(line):
            raise InvalidExamples(
                f"{file.location('line', number)} is the mark of a merge conflict. Resolve it."
            )


def _find_other_file(texts: Sequence[str], is_column: bool) -> OtherForm | None:
    """Return the form of a file where all lines match one of `_OTHER_FILES`.

    A list may have a first line of its own, such as `Here are some examples:`.
    """
    if len(texts) > 2 and not LIST_LINE.match(texts[0]) and all(map(LIST_LINE.match, texts[1:])):
        texts = texts[1:]
    if _label_words(texts):
        return OtherForm("labels words (CoNLL), not texts")
    if have_same_symbol(texts):
        return OtherForm(LIST_DESCRIPTION)
    for pattern, description in _OTHER_FILES.items():
        if is_column and description == _QUOTES:
            continue
        if pattern is LIST_LINE and have_other_numbers(texts):
            continue
        if len(texts) > 1 and all(map(pattern.match, texts)):
            return OtherForm(description)
    return None


def _label_words(lines: Sequence[str]) -> bool:
    """Return whether each line is a word and its label, which is O for most words.

    A text may end like one of the labels: `size S-M`, `open the E-Mail`, `blood of type O`.
    """
    found = list(map(_LABELLED_WORD.match, lines))
    labels = {match[1] for match in found if match}
    return len(lines) > 1 and None not in found and _OUTSIDE in labels and labels != {_OUTSIDE}


def find_other_form(
    lines: Sequence[tuple[int, str]], label: str, is_column: bool
) -> OtherForm | None:
    """Return the form of another format that all lines have, or nearly all."""
    return (
        _find_other_file([line for _number, line in lines], is_column)
        or find_sections(lines)
        or find_own_name(lines, label)
        or find_table(lines)
        or find_names(lines)
    )
