"""Texts of `<label>.txt` that may have labels of their own: words at one end, and headings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress, pairwise, takewhile

_ONE_WORD = re.compile(r"\s*+[^\W\d][\w+/-]{0,99}\s*+")
_BARE_NAME = r"[^\W\d]\w{0,99}+(?:[.+/:-]\w{1,99}+){0,9}+"
_FIRST_WORD = re.compile(rf"\A\W*+({_BARE_NAME})\W++\w")
_LAST_WORD = re.compile(rf"\w\W+?(?<!\w)({_BARE_NAME})\W*+\Z")
"""A word at one end of a line, whatever marks are around it: `**greet** hi`, `hi~greet`."""

_MIN_REPEATED = 8
"""Of so many lines or more, those that begin or end with few words may have labels there."""

WORD = r"(?=[\w.+/:-]{0,99}[^\W\d])[\w.+/:-]{1,100}+"
"""A name with a letter."""

_MAY_BE_LABELS = (
    re.compile(rf"\S(?:,\s|\s[-\u2010-\u2015/]\s|\\t|\s[#@])({WORD})\Z"),
    re.compile(rf"\S\s[{{<]({WORD})[}}>]\Z"),
    re.compile(rf"\A[{{<]({WORD})[}}>]\s\S"),
    re.compile(r"\S\s[(\[]?([+-]?\d)[)\]]?\Z"),
    re.compile(r"\A([+-]?\d)\s+\S"),
    re.compile(rf"\A({WORD})\s[-\u2010-\u2015/]\s\S"),
)
"""A name or a number at one end of a text: its label, or a part of it."""

_ARROW = r"(?:[-=]{1,3}>|::|[\u2190-\u21ff\u2794-\u27bf])"
_ROWS = (
    re.compile(rf"({_BARE_NAME})(?:[,;|]|\s{{0,9}}{_ARROW}|:(?=\s))"),
    re.compile(rf"\[({_BARE_NAME})\]"),
    re.compile(rf"(?:[,;|]|{_ARROW}\s{{0,9}}|\s\[(?=[^\]]++\]\Z))({_BARE_NAME})\]?+\Z"),
)
"""A name at one end of a line and its delimiter, as in a table without a header."""

_LONGEST_ROW = 1_000
_DELIMITERS = re.compile(r"[,;|]")

_MIN_TEXTS_PER_HEADING = 2


def describe_possible_labels(lines: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Say which parts of numbered lines may be labels, in the plural."""
    texts = [line for _number, line in lines]
    if _have_names_at_one_end(texts):
        yield "texts with a name or a number at one end, some of which repeat: they may be labels"
    elif _are_rows(texts):
        yield "texts with a name and a delimiter at one end, as a table has: they may be labels"
    if _may_alternate(texts):
        yield "texts and words by turns: each word may be the label of the text beside it"
    if _may_have_headings(lines):
        yield "texts in paragraphs that begin with one word, which may be the name of an intent"
    elif _may_have_words_above(texts):
        yield "texts of one word above others, which may be the name of their intent"


def _have_names_at_one_end(lines: Sequence[str]) -> bool:
    return any(_have_repeated_names(pattern, lines) for pattern in _MAY_BE_LABELS) or (
        _may_begin_or_end_with_labels(lines)
    )


def _are_rows(lines: Sequence[str]) -> bool:
    """Return whether each of several lines is a name and a text, and the names are several."""
    if len(lines) < 2 or max(map(len, lines)) > _LONGEST_ROW:
        return False
    for pattern in _ROWS:
        found = (_find_name_beside_text(pattern, line.strip()) for line in lines)
        names = list(takewhile(bool, found))
        if len(names) == len(lines) and len(set(names)) > 1:
            return True
    return False


def _find_name_beside_text(pattern: re.Pattern[str], line: str) -> str | None:
    """Return the name at one end, where the rest is several words without a delimiter."""
    found = pattern.search(line)
    if not found or (found.start() and found.end() < len(line)):
        return None
    rest = line[found.end() :] if found.start() == 0 else line[: found.start()]
    is_text = not _DELIMITERS.search(rest) and len(rest.split(maxsplit=1)) > 1
    return found[1] if is_text else None


def _may_have_words_above(lines: Sequence[str]) -> bool:
    """Return whether different words are each above texts of several words."""
    is_word = [bool(_ONE_WORD.fullmatch(line)) for line in lines]
    words = [line.strip() for line in compress(lines, is_word)]
    is_above_text = not any(map(all, pairwise([*is_word, True])))
    has_texts = len(lines) >= len(words) * (1 + _MIN_TEXTS_PER_HEADING)
    return (
        is_word[:1] == [True] and 1 < len(words) == len(set(words)) and is_above_text and has_texts
    )


def _have_repeated_names(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    """Return whether a pattern finds a name in each line, and few names in all of them."""
    names = [found[1] for line in lines if (found := pattern.search(line.strip()))]
    return len(names) == len(lines) and 1 < len(set(names)) <= max(2, len(names) // 2) < len(names)


def _may_have_headings(lines: Sequence[tuple[int, str]]) -> bool:
    """Return whether each of several paragraphs begins with a word of its own above others."""
    if not lines:
        return False
    numbers = [number for number, _line in lines]
    starts = [True, *(after - before > 1 for before, after in pairwise(numbers))]
    headings = [
        line.strip()
        for (_number, line), starts_here in zip(lines, starts, strict=True)
        if starts_here
    ]
    is_above_text = not any(map(all, pairwise([*starts, True])))
    is_word = all(map(_ONE_WORD.fullmatch, headings))
    return 1 < len(headings) == len(set(headings)) and is_word and is_above_text


def _may_begin_or_end_with_labels(lines: Sequence[str]) -> bool:
    """Return whether all lines begin, or all end, with one of several words, each repeated."""
    for pattern in (_FIRST_WORD, _LAST_WORD):
        counts = Counter(found[1] for line in lines if (found := pattern.search(line)))
        is_in_all = counts.total() == len(lines) >= _MIN_REPEATED
        if is_in_all and len(counts) > 1 and min(counts.values()) > 1:
            return True
    return False


def _may_alternate(lines: Sequence[str]) -> bool:
    """Return whether every second line is a word, some of which repeat, between texts."""
    for texts, names in ((lines[::2], lines[1::2]), (lines[1::2], lines[::2])):
        is_word = len(texts) == len(names) > 2 and all(map(_ONE_WORD.fullmatch, names))
        if is_word and 1 < len(set(names)) < len(names) and any(" " in text for text in texts):
            return True
    return False
