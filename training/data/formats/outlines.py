"""Lists and outlines: lines with bullets or numbers, and names above the texts of each."""

import re
from collections.abc import Sequence
from itertools import compress, pairwise

from training.data.formats.line_forms import OtherForm

LIST_LINE = re.compile(
    r"""\#+\s+\S | >\s |
    \s* [-*+\u2010-\u2015]\s+\S |
    \s* [\u2022\u2023\u2043\u25a0-\u25ff\u00b7\u2190-\u21ff\u2460-\u249b]\s* \S |
    \s* [\u2605\u2606\u2610-\u2612\u2705\u2713-\u2718\u274c\u274e\u2756]\ufe0f?\s* \S |
    \s* [\u00bb\u203a\u2794-\u27bf]\ufe0f?\s* \S |
    \s* (?: [\d\#*]\ufe0f?\u20e3 | \U0001f51f ) \s* \S |
    \s* [(\[]? (?: \d{1,6} | [a-z] | [ivxlcdm]{1,8} ) [.)\]] \)? \s+\S |
    \s* \d{1,6}/ \s+\S |
    \s* [(\[]? \d{1,6} [.)\]\u3001\uff0e\uff09] \s* [^\W\d] |
    \s* \[[x\s]\] \s*\S |
    \s* \d{1,6} \s+ [-\u2010-\u2015] \s+ [^\W\d] |
    \s* \d{1,6}: \s+\S""",
    re.IGNORECASE | re.VERBOSE,
)
"""A heading, a quotation, or an item of a list with a bullet, a number or a letter."""

_COUNTER = re.compile(
    r"\s*[(\[]?(\d{1,6}|[a-z]|[ivxlcdm]{1,8})(?:[.)\]:/\u3001\uff0e\uff09]|\s+[-\u2010-\u2015]\s)",
    re.IGNORECASE,
)
"""The number or the letter of an item of a list."""

_LARGEST_STEP, _LARGEST_SAME = 2, 99
"""How far the numbers of a list count up, where an item may be missing, or the one of all items."""

_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1_000}

_SYMBOL = re.compile(r"\s*([\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff])\ufe0f?\s+[^\W_]")
"""An emoji or another symbol before a text, which is a bullet where it is before each line."""

_MIN_ITEMS = 3

LIST_DESCRIPTION = "has headings and lists, or a bullet or a number before each line (LU, Markdown)"
"""What a file of such lines has."""

INDENTED = re.compile(r"(?: {2}|\t)\s*\S")
"""A line below a heading that is not indented."""

SECTION = re.compile(r"\s*\[[\w./:-]+\]\s*")
"""A line that is a name in brackets."""

_SECTIONS = (
    SECTION,
    re.compile(
        r"\s*+(?:(?:intent|label|class|category)(?:\s*+[:=]\s*+|\s++)"
        r"|\#{1,6}\s*+|[@%$]|\d{1,3}[.)]\s++)[^\W\d][\w.+/-]{0,99}\s*+",
        re.IGNORECASE,
    ),
    re.compile(r"\s*+(?!(?:https?|www)\b)[^\W\d][\w.+/-]{0,99}:\s*+"),
    re.compile(r"\s*+([=*~_-]{1,40})\s{0,9}[^\W\d_][\w.+/-]{0,99}\s{0,9}\1\s*+"),
    re.compile(r"\s*+<[^\W\d][\w.+/-]{0,99}>\s*+"),
    re.compile(r"\s*+(?=[^\W_]++[_.])[^\W\d][\w.]{0,99}(?<![.])\s*+"),
)
"""The forms of a line with the name of an intent above its texts; the last is `order_status`."""


def have_same_symbol(lines: Sequence[str]) -> bool:
    """Return whether several lines begin with one and the same symbol."""
    symbols = {found[1] if (found := _SYMBOL.match(line)) else None for line in lines}
    return len(lines) >= _MIN_ITEMS and len(symbols) == 1 and None not in symbols


def have_other_numbers(lines: Sequence[str]) -> bool:
    """Return whether each line begins with a number or a letter that does not count up.

    Such are days (`5. Mai`), codes of areas (`(212) 555`) and initials (`J. Smith`).
    """
    found = list(map(_COUNTER.match, lines))
    marks = [match[1].casefold() for match in found if match]
    return len(marks) == len(lines) > 1 and not any(
        None not in (values := list(map(read, marks))) and _count_up(values)
        for read in (_read_number, _read_letter, _read_roman)
    )


def _count_up(values: Sequence[int | None]) -> bool:
    """Return whether numbers are mostly each one or two above the last, or all the same."""
    numbers = [value for value in values if value is not None]
    steps = [after - before for before, after in pairwise(numbers)]
    if not any(steps):
        return numbers[0] <= _LARGEST_SAME
    return 2 * sum(0 < step <= _LARGEST_STEP for step in steps) > len(steps)


def _read_number(mark: str) -> int | None:
    return int(mark) if mark.isdecimal() else None


def _read_letter(mark: str) -> int | None:
    return ord(mark) - ord("a") + 1 if len(mark) == 1 and mark.isalpha() else None


def _read_roman(mark: str) -> int | None:
    if not _ROMAN.keys() >= set(mark):
        return None
    values = [*(_ROMAN[letter] for letter in mark), 0]
    return sum(-value if value < after else value for value, after in pairwise(values))


def find_sections(lines: Sequence[tuple[int, str]]) -> OtherForm | None:
    """Return the form of numbered lines that are sections, or headings above indented lines."""
    texts = [line.strip() for _number, line in lines]
    is_outline = _is_outline([line for _number, line in lines])
    if is_outline or any(_have_sections(form, texts) for form in _SECTIONS):
        first = lines[0][0]
        return OtherForm(f"has sections with a name above the texts of each, such as line {first}")
    return None


def _have_sections(form: re.Pattern[str], lines: Sequence[str]) -> bool:
    """Return whether the first line and others are different names of a form, each above texts.

    Transcripts have lines such as `[inaudible]`, too.
    """
    is_name = [bool(form.fullmatch(line)) for line in lines]
    names = [line.strip() for line in compress(lines, is_name)]
    is_above_text = not any(map(all, pairwise([*is_name, True])))
    return is_name[:1] == [True] and 1 < len(names) == len(set(names)) and is_above_text


def _is_outline(lines: Sequence[str]) -> bool:
    """Return whether several lines are not indented, and each is above some that are."""
    is_heading = [not INDENTED.match(line) for line in lines]
    is_above_text = not any(map(all, pairwise([*is_heading, True])))
    return is_heading[:1] == [True] and sum(is_heading) > 1 and is_above_text
