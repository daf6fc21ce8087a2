"""Lines of several parts: a name before or behind each text, and tables without a header."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import compress

from training.data.formats.line_forms import JSON_LINES, OtherForm
from training.data.formats.possible_labels import WORD

_NAME_BEFORE_TEXT = re.compile(r"\s*+([^\W\d]\w{0,49}_\w{0,50}+)[,;]?\s++\S")
_BEFORE_COLON = re.compile(r"([\w.+/-]{1,100}):(?:\s+|(?<=[^\W\d]:)(?!//|:))\S")
"""A name and a colon before a text. Without a space, it is no time of day and no address."""

_BEFORE_TEXT = {
    _NAME_BEFORE_TEXT: "a name with an underscore",
    _BEFORE_COLON: "a name and a colon",
    re.compile(r"\s*+\[([\w.+/:-]{1,100})\]\s*+\S"): "a name in brackets",
    re.compile(rf"\s*+\(({WORD})\)\s*+\S"): "a name in parentheses",
    re.compile(rf"\s*+<({WORD})>.*</\1>\s*\Z"): "a tag",
    re.compile(r"\s*+([^\W\d][\w.+/-]{2,99})\s*+=(?!>)\s*+\S"): "a name and an equals sign",
    re.compile(rf"\s*+({WORD}),(?=\S)"): "a name and a comma",
    re.compile(rf"\s*+({WORD})[;|](?=\S)"): "a name and a separator",
}
"""How a name precedes a text, and in words."""

_AFTER_TEXT = {
    re.compile(rf"\S\s?\[({WORD})\]\Z"): "a name in brackets",
    re.compile(rf"\S\s\(({WORD})\)\Z"): "a name in parentheses",
    re.compile(rf"\S,({WORD}|(?<=[^\d\s],)\d{{1,3}})\Z"): "a comma and a name",
    re.compile(rf"\S[;|]({WORD}|\d{{1,3}})\Z"): "a separator and a name",
}
"""How a name follows a text at the end of its line, and in words."""

_SPACED_COLON = r"\s:\s"
_DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    r"\|": "vertical bars",
    "[-=]{1,3}>|[\u2190-\u21ff\u2794-\u27bf\u27f0-\u27ff\u2900-\u297f]": "arrows",
    "::": "colons",
    r"\s//\s": "slashes",
    r"\s[#~^]\s": "signs",
    _SPACED_COLON: "colons",
    " {2,}": "gaps",
}
"""What separates the cells of a table without a header, and its name."""

_MIN_ROWS = 3
_MAX_COLUMNS = 100
_LINES_PER_EXCEPTION = 10
"""Of so many lines with labels, one may have another form: a heading, or a text with a comma."""

_NAME = re.compile(r"\s*[\w.+/:-]{0,99}[\w+/-]\s*")
"""A cell that may be the name of an intent: one word, and no end of a sentence."""

_LETTER = re.compile(r"[^\W\d_]")
_DECIMAL = re.compile(r"(?:[^,]|(?<=\d),(?=\d))*")
"""A line whose commas are all between digits."""


def find_own_name(lines: Sequence[tuple[int, str]], label: str) -> OtherForm | None:
    """Return the form of numbered lines that all begin with their label and a colon."""
    texts = [line.strip() for _number, line in lines]
    if have_same_name(texts) and _find_name(texts[0]) == label.casefold():
        return _describe_names(_BEFORE_TEXT[_BEFORE_COLON], "beginning", "")
    return None


def find_table(lines: Sequence[tuple[int, str]]) -> OtherForm | None:
    """Return the form of numbered lines of which nearly all have as many cells."""
    for delimiter, name in {"\t": "tabs", **_DELIMITERS}.items():
        rows = [_split(line, delimiter) for _number, line in lines]
        width, _count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        is_regular = [len(row) == width > 1 for row in rows]
        regular = _nearly_all(lines, is_regular, 1)
        if regular and _is_table(list(compress(rows, is_regular)), delimiter):
            return _describe_table(name, _describe_others(lines, regular))
    return None


def find_names(lines: Sequence[tuple[int, str]]) -> OtherForm | None:
    """Return the form of numbered lines of which nearly all begin or end with a name."""
    texts = [line.strip() for _number, line in lines]
    for place, patterns in (("beginning", _BEFORE_TEXT), ("end", _AFTER_TEXT)):
        for pattern, name in patterns.items():
            found = list(map(pattern.search if place == "end" else pattern.match, texts))
            regular = _nearly_all(lines, list(map(bool, found)), 0)
            if regular and _repeat_names(filter(None, found)):
                return _describe_names(name, place, _describe_others(lines, regular))
    return None


def _nearly_all(
    lines: Sequence[tuple[int, str]], fits: Sequence[bool], least_exceptions: int
) -> Sequence[tuple[int, str]]:
    """Return the lines that fit, where they are all, or all but a few of several; else nothing.

    `least_exceptions` may differ among four lines or more.
    """
    fitting = list(compress(lines, fits))
    may_differ = max(least_exceptions, len(lines) // _LINES_PER_EXCEPTION)
    is_most = len(lines) - len(fitting) <= (may_differ if len(lines) > _MIN_ROWS else 0)
    return fitting if is_most else []


def _describe_others(lines: Sequence[tuple[int, str]], regular: Sequence[tuple[int, str]]) -> str:
    """Say which lines do not have the form of the others."""
    if len(lines) == len(regular):
        return ""
    numbers = {number for number, _line in regular}
    others = [number for number, _line in lines if number not in numbers]
    more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
    return f", but for line {others[0]}{more}"


def _repeat_names(found: Iterable[re.Match[str] | None]) -> bool:
    """Return whether there is a match for each line, and some of several names in them repeat."""
    names = [match and match[1] for match in found]
    return None not in names and 1 < len(set(names)) < len(names)


def have_same_name(lines: Iterable[str]) -> bool:
    """Return whether each of several lines begins with a colon behind one and the same name."""
    names = list(map(_find_name, lines))
    return len(names) > 1 and names[0] is not None and len(set(names)) == 1


def _find_name(line: str) -> str | None:
    found = _BEFORE_COLON.match(line)
    return found[1].casefold() if found else None


def _split(line: str, delimiter: str) -> list[str]:
    return line.split("\t") if delimiter == "\t" else re.split(delimiter, line.strip())


def _is_table(rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Return whether rows of as many cells have a column of names that repeat, or tabs.

    Ordinary texts have a space behind a comma, or numbers with a comma in them. Another column than
    that of the names has letters.
    """
    if delimiter == "\t":
        return len(rows) > 1
    if len(rows) < _MIN_ROWS or len(rows[0]) > _MAX_COLUMNS:
        return False
    if delimiter == "," and (
        any(cell.startswith(" ") for row in rows for cell in row[1:])
        or all(_DECIMAL.fullmatch(",".join(row)) for row in rows)
    ):
        return False
    # A colon may follow the same word in all texts, with a space before it in French.
    least = 2 if delimiter == _SPACED_COLON else 1
    columns = list(zip(*rows, strict=True))
    has_letters = [any(map(_LETTER.search, column)) for column in columns]
    lettered = sum(has_letters)
    return any(
        all(map(_NAME.fullmatch, column))
        and least <= len(set(column)) < len(column)
        and lettered > has_own
        for column, has_own in zip(columns, has_letters, strict=True)
    )


def _describe_names(name: str, place: str, others: str) -> OtherForm:
    return OtherForm(f"has {name} at the {place} of each line{others}")


def _describe_table(delimiters: str, others: str) -> OtherForm:
    return OtherForm(
        f"has as many {delimiters} in each line{others}, as a table without a header",
        "Name its columns in the first line, two of them text and label. If the "
        f"{delimiters} belong to the texts, write {JSON_LINES}.",
    )
