"""What describes a candidate for the context model: its form, and the words around it."""

from collections.abc import Iterator
from functools import cache
from itertools import chain, repeat

from prompt_capture.domain.entities.bank_accounts import BANK_NAMES
from prompt_capture.domain.entities.candidates import REFERENCES, UNITS, YEAR_NUMBER
from prompt_capture.domain.entities.context import words as context_words
from prompt_capture.domain.entities.context.candidates import is_date, is_spelled
from prompt_capture.domain.entities.national_ids import ID_NAMES
from prompt_capture.domain.entities.phones import PHONE_NAMES
from prompt_capture.domain.entities.searched import MASK
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.patterns import lazy_pattern

Context = tuple[str, str, str]
"""A candidate, and what stands before and behind it, the two in lower case."""
Part = tuple[str, int, str]
"""One part of a candidate's description: a word, how far it is from the candidate, and the kinds of
characters that the candidate has, with "-" for a word before it and "+" for one behind it. The
candidate itself is a part of the distance `OWN`."""
OWN, _NEAR, _MAX_CLOSE = -1, 3, 9
_CLOSE, _FAR = _NEAR, _NEAR + 1
"""Distances. The nearest three words have the distances 0 to 2, and the nearest nine are close."""

_ZEROS = str.maketrans("123456789", "000000000")
_NOT_ZERO = lazy_pattern("[1-9]")
_TOKEN = lazy_pattern(r"[a-z]+|0+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_a-z]+|[^\w\s]")
_REACH_BEFORE, _REACH_BEHIND = 150, 40
_WORDS_BEFORE, _WORDS_BEHIND = 20, 4
_PART = 4
"""Characters of the parts of words, which compounds and inflected words share."""
_RUN = lazy_pattern(r"(.)\1+")
_SHAPE = str.maketrans(
    dict.fromkeys("0123456789", "0")
    | dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a")
    | dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")
)


def context_of(text: str, lower: str, start: int, end: int) -> Context:
    """Return a candidate, and what stands before and behind it up to the next entities."""
    before = lower[max(0, start - _REACH_BEFORE) : start].rpartition(MASK)[2]
    behind = lower[end : end + _REACH_BEHIND].partition(MASK)[0]
    return text[start:end], before, behind


def parts_of(value: str, before: str, behind: str) -> list[Part]:
    """Return what describes a candidate in its context: its form, and the words around it."""
    kinds = _kinds(value)
    return [
        (kinds, OWN, value),
        *_words_beside(f"{kinds}-", _words(before)[: -_WORDS_BEFORE - 1 : -1]),
        *_words_beside(f"{kinds}+", _words(behind)[:_WORDS_BEHIND]),
    ]


def _words(text: str) -> list[str]:
    """Return the words of a text, and its numbers as so many zeros."""
    # Translating is slow where a text is not ASCII.
    zeros = text.translate(_ZEROS) if text.isascii() else _NOT_ZERO.sub("0", text)
    return _TOKEN.findall(zeros)


def _words_beside(kinds_and_side: str, nearest_first: list[str]) -> Iterator[Part]:
    distances = chain(range(_NEAR), repeat(_CLOSE, _MAX_CLOSE - _NEAR), repeat(_FAR))
    return zip(repeat(kinds_and_side), distances, nearest_first or [""])


def features_of(part: Part) -> Iterator[str]:
    """Return the features of a part, for each of which the model may have weights."""
    kinds_and_side, distance, word = part
    if distance == OWN:
        yield from _describe_form(word, kinds_and_side)
        return
    side = kinds_and_side[-1]
    yield f"{side} {word}"
    groups = _groups_of_words().get(word, ())
    if distance == _FAR:
        yield from (f"{side}f {group}" for group in groups)
        return
    if distance == 0:
        yield f"{kinds_and_side}0 {word}"
    if distance < _NEAR:
        yield f"{side}{distance} {word}"
    if len(word) > _PART:
        yield f"{side}< {word[:_PART]}"
        yield f"{side}> {word[-_PART:]}"
    for group in groups:
        yield f"{side}{distance < _NEAR:d}g {group}"
        yield f"{kinds_and_side}g {group}"


@cache
def _groups_of_words() -> dict[str, list[str]]:
    """Return the groups of each word that the rules know, in all languages."""
    groups: dict[str, list[str]] = {}
    for group, names in {
        "access": context_words.ACCESS,
        "account": words.ACCOUNTS,
        "bank": BANK_NAMES,
        "change": words.CHANGE,
        "code": words.CODE,
        "codes": context_words.CODES,
        "door": context_words.DOORS,
        "enter": context_words.ENTER,
        "entered": context_words.ENTERED,
        "failure": context_words.FAILURES,
        "function": words.FUNCTION_WORDS,
        "id": ID_NAMES,
        "is": words.IS,
        "key": words.KEY,
        "lock": words.LOCKS,
        "locks": context_words.LOCKS,
        "login": words.LOGIN,
        "measure": context_words.MEASURES,
        "network": words.NETWORKS,
        "no lock": words.NO_LOCKS,
        "opens": context_words.OPENS,
        "other kind": context_words.OTHER_KINDS,
        "owner": words.OWNERS,
        "password": words.PASSWORD,
        "phone": PHONE_NAMES,
        "pin": words.PIN,
        "pins": context_words.PINS,
        "reference": REFERENCES,
        "state": words.STATES,
        "token": words.TOKEN,
        "unit": UNITS,
        "user": words.USER,
    }.items():
        for name in names:
            groups.setdefault(name, []).append(group)
    return groups


def _kinds(value: str) -> str:
    """Return which kinds of characters a value has: "a", with capitals "aA", "0" and "!"."""
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    has_signs = digits + letters < len(value)
    is_mixed = "aA" if value != value.lower() else "a"
    return f"{is_mixed * bool(letters)}{'0' * bool(digits)}{'!' * has_signs}"


def _describe_form(value: str, kinds: str) -> Iterator[str]:
    digits = sum(map(str.isdigit, value))
    yield f"kinds {kinds}"
    yield f"digits {min(digits, 12)}"
    yield f"length {kinds} {min(len(value), 24)}"
    shape = _RUN.sub(r"\1+", value.translate(_SHAPE))
    yield f"shape {shape[:16]}"
    for sign in sorted({character for character in value if not character.isalnum()}):
        yield f"sign {sign}"
    if value.isalpha():
        yield f"value {value.lower()}"
        yield from (f"value g {group}" for group in _groups_of_words().get(value.lower(), ()))
    if YEAR_NUMBER.fullmatch(value):
        yield "year"
    if digits < len(value):
        yield f"start {value[:2].lower()}"
        yield f"start {value[:3].lower()}"
    if is_spelled(value.lower()):
        yield "spelled"
        yield f"spelled {value.count(' ')}"
    if is_date(value.lower()):
        yield "date"
