"""Numbers whose digits are spelled out in English: "oh seven double four, one two one"."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from prompt_capture.domain.entities.searched import (
    NOT_AFTER_WORD,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
)
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

_DIGITS = {
    "zero": "0",
    "nought": "0",
    "oh": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_DIGIT = rf"(?:(?:{'|'.join(_TIMES)})[ -])?(?:{'|'.join(_DIGITS)})"
_MIN_WORDS, _MAX_WORDS = 5, 19
# Within a number, no other one begins.
_WORDS_BY_SIZE = groupby(sorted((*_DIGITS, *_TIMES), key=len), key=len)
_NOT_WITHIN = "".join(
    rf"(?<!{NOT_AFTER_WORD}(?:{'|'.join(words)})[ -])" for _, words in _WORDS_BY_SIZE
)
_NUMBER = NamePattern(
    (*_DIGITS, *_TIMES),
    rf"""{_NOT_WITHIN}{_DIGIT}
        (?:(?:,?\ |-|\ -\ ){_DIGIT}){{{_MIN_WORDS - 1},{_MAX_WORDS - 1}}}{NOT_BEFORE_WORD}""",
)
_WORD = lazy_pattern("[a-z]+")


def find_spelled_numbers(searched: Searched) -> Iterable[tuple[Span, str]]:
    """Find numbers of several digits in words, each with its digits."""
    return _find(searched) if _NUMBER.may_be_in(searched) else ()


def _find(searched: Searched) -> Iterator[tuple[Span, str]]:
    end = 0
    for match in _NUMBER.finditer(searched):
        if match.start() >= end:
            end = match.end()
            yield match.span(), _digits(match[0])


def _digits(number: str) -> str:
    digits, times = "", 1
    for word in _WORD.findall(number):
        digits += times * _DIGITS.get(word, "")
        times = _TIMES.get(word, 1)
    return digits
