"""Find what may be an entity by its context: numbers, dates, tokens and quoted words."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile

from prompt_capture.domain.entities.dates import DAY_AND_MONTH
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.names import NUMBER_WORD
from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_CANDIDATE = lazy_pattern(
    r"""(?P<mask>\x7f++)
        |(?P<quote>["'`])(?<![A-Za-z0-9\x7f].)
            (?P<quoted>[^\W\d_]++(?:[ .'&-][^\W\d_]++){0,5}+)(?P=quote)(?![A-Za-z0-9\x7f])
        |(?<![A-Za-z0-9!#$%&*+.?@^_~\\\x7f-])(?:
            (?P<cjk>(?:19|20)[0-9]{2}\ ?[年년]\ ?[0-9]{1,2}\ ?[月월]\ ?[0-9]{1,2}\ ?[日일]?)
            |(?P<date>[0-9]{1,4}+\ ?/\ ?[0-9]{1,2}+\ ?/\ ?[0-9]{2,4}+
                (?![A-Za-z0-9#$%&+@^_/\\\x7f-]))
            |(?P<groups>[0-9]{1,6}+(?:\ [0-9]{1,6}+)++(?![A-Za-z0-9#$%&+@^_\\\x7f/-]))
            |(?=[A-Za-z]*+[0-9!#$%&*+.?@^_~\\-])
                [A-Za-z0-9!#$%&*+.?@^_~\\-]{3,64}(?![A-Za-z0-9!#$%&*+.?@^_~\\\x7f-]))""",
    re.VERBOSE,
)
_KEYPAD_CODE = lazy_pattern(r"\*[0-9]{3,10}#?[.?!]*|[0-9]{3,10}\*[.?!]*")
_NUMBER_BEHIND_DASH = lazy_pattern(r"-+[0-9]+[.?!]*")
_MARKS_BEFORE, _MARKS_BEHIND = "*_~.?!", ".?*_~-"
_SIGNS = frozenset("!#$%&*+?@^~\\")
# Groups of one number: "902 417", "1 8 8 4"
_GROUPS = lazy_pattern(
    r"[0-9]{2,6}(?:\ [0-9]{2,6}){1,4}|[0-9]{4}(?:\ [0-9]{4}){5,19}|[0-9](?:\ [0-9]){3,7}"
)
_MIN_DIGITS, _MIN_QUOTED = 3, 4
MAX_CANDIDATES = 24
"""Candidates and found entities in a text up to which candidates are considered."""

_YEAR = r"(?:19[0-9]{2}|20(?:[01][0-9]|2[0-3]))"
"""A year, but none of the last ones."""
_DATE = lazy_pattern(
    rf"""(?:[0-9]{{1,2}}(?P<sign>\ ?[./]\ ?|[ -])[0-9]{{1,2}}(?P=sign)
            |[0-9]{{1,2}}[.-][a-z]{{3,9}}[.-])
        (?:{_YEAR}|(?!2[4-9])[0-9]{{2}})
        |{_YEAR}(?P<second>\ ?[./]\ ?|[ -])[0-9]{{1,2}}(?P=second)[0-9]{{1,2}}""",
    re.VERBOSE,
)
_CJK_DATE = lazy_pattern(f"{_YEAR} ?[年년] ?[0-9]{{1,2}} ?[月월] ?[0-9]{{1,2}} ?[日일]?")
_LAST_YEAR = lazy_pattern(f"{_YEAR}\\Z")
_DIGITS_OF_YEAR = 4
_MAX_DAY_AND_MONTH = 36
_NUMBER_SIGNS = frozenset("0123456789.- ")
# A number in words: "three nine zero six"
_SPELLED = NamePattern(
    words.NUMBER_WORDS,
    rf"(?:{NUMBER_WORD})(?:[ ,-]{{1,2}}(?:{NUMBER_WORD})){{2,19}}{NOT_BEFORE_WORD}",
)
_PASSWORDS = (*words.PASSWORD, "pass", "the word")
_BEHIND_PASSWORD = NamePattern(
    _PASSWORDS, rf"(?:{any_of(_PASSWORDS)})\ (?P<word>[^\W\d_]{{4,24}})(?![\w'\x7f]|-\w)"
)
_BETWEEN_WORDS = lazy_pattern("[ ,-]{1,2}")
_SCHEME = lazy_pattern(r"[a-z][a-z0-9+.-]{1,15}\Z")
_IN_URL = lazy_pattern(r"[^ <>\"'`|\x7f]*")
_BEHIND_URL = ".,;:!?)]*_~"
_MAX_URL, _MAX_SCHEME = 400, 16
_DATES: frozenset[EntityType] = frozenset({"birth_date"})
_NUMBERS: frozenset[EntityType] = frozenset({"secret", "national_id", "bank", "phone"})


def find_candidates(searched: Searched) -> list[Span]:
    """Find what may be an entity by its context, and is not next to an entity.

    These are groups of digits, digits in words, dates, tokens with a digit or a sign, words in
    quotation marks, and words behind the name of a password.
    """
    matches = list(islice(_CANDIDATE.finditer(searched.text), MAX_CANDIDATES))
    is_full = len(matches) == MAX_CANDIDATES
    end = matches[-1].end() if is_full else len(searched.text)
    words_behind = (match.span("word") for match in _BEHIND_PASSWORD.finditer(searched))
    spelled = (match.span() for match in _SPELLED.finditer(searched))
    spans = [
        *_find_tokens(matches, searched.lower),
        *islice(takewhile(lambda span: span[1] <= end, spelled), MAX_CANDIDATES),
        *islice(takewhile(lambda span: span[1] <= end, words_behind), MAX_CANDIDATES),
    ]
    found: list[Span] = []
    for span in sorted(spans):
        if not found or found[-1][1] <= span[0]:
            found.append(span)
    return found


def _find_tokens(matches: Iterable[re.Match[str]], lower: str) -> Iterator[Span]:
    previous: Span | None = None
    for match in matches:
        if span := _candidate_in(match, lower):
            if previous and previous[1] <= span[0]:
                yield previous  # it is no part of a date
            previous = span
    if previous:
        yield previous


def _candidate_in(match: re.Match[str], lower: str) -> Span | None:
    """Return the span of the candidate in a match, without the punctuation around it."""
    if match["quoted"]:
        return match.span("quoted") if len(match["quoted"]) >= _MIN_QUOTED else None
    if match["groups"]:
        return match.span("groups") if _GROUPS.fullmatch(match["groups"]) else None
    if match["cjk"]:
        return match.span("cjk")
    if match["date"]:
        return match.span("date") if _DATE.fullmatch(match["date"]) else None
    is_of_keypad = _KEYPAD_CODE.fullmatch(match[0])
    token = match[0] if is_of_keypad else match[0].lstrip(_MARKS_BEFORE)
    if _NUMBER_BEHIND_DASH.fullmatch(token):
        token = token.lstrip("-")
    start = match.end() - len(token)
    token = token.rstrip(_MARKS_BEHIND.replace("*", "") if is_of_keypad else _MARKS_BEHIND)
    if token.rstrip("!").isdigit():
        token = token.rstrip("!")
    digits = sum(map(str.isdigit, token))
    is_number = digits == len(token)
    if is_number and _LAST_YEAR.match(token):
        return _begin_of_date(lower, start), start + len(token)
    is_candidate = digits >= _MIN_DIGITS if is_number else _may_be_password(token, digits)
    return (start, start + len(token)) if is_candidate else None


def _may_be_password(token: str, digits: int) -> bool:
    """Return whether a token has digits, signs, or three words that signs join."""
    if len(token) < _MIN_DIGITS + (not token.isalnum()):
        return False
    return digits > 0 or not _SIGNS.isdisjoint(token[:-1]) or sum(map(token.count, "-_.")) > 1


def _begin_of_date(lower: str, year: int) -> int:
    """Return where the date begins that ends with the year at a position, or that position."""
    before = DAY_AND_MONTH.search(lower, max(0, year - _MAX_DAY_AND_MONTH), year)
    return before.start() if before else year


def is_date(value: str) -> bool:
    """Return whether a candidate in lower case is a date, but not of the last years."""
    if _CJK_DATE.fullmatch(value):
        return True
    if value[-1:].isalpha() or not value[:1].isalnum():
        return False
    year = len(value) - _DIGITS_OF_YEAR
    return bool(_DATE.fullmatch(value)) or (
        year > 0 and bool(_LAST_YEAR.match(value, year)) and _begin_of_date(value, year) == 0
    )


def url_around(searched: Searched, span: Span) -> Span | None:
    """Return the span of the URL that a candidate is a part of, if it is."""
    start, end = span
    lower = searched.lower
    colon = lower.rfind("://", max(0, start - _MAX_URL), start)
    scheme = _SCHEME.search(lower, max(0, colon - _MAX_SCHEME), colon) if colon >= 0 else None
    if not scheme or not _IN_URL.fullmatch(lower, colon, start):
        return None
    rest = _IN_URL.match(lower, end)
    url = lower[scheme.start() : rest.end() if rest else end]
    return scheme.start(), scheme.start() + len(url.rstrip(_BEHIND_URL))


def is_spelled(value: str) -> bool:
    """Return whether a candidate in lower case is a number in words."""
    return value.isascii() and words.NUMBER_WORDS.issuperset(_BETWEEN_WORDS.split(value))


def possible_types(value: str) -> frozenset[EntityType]:
    """Return what a candidate in lower case may be: a date with words or slashes is no number."""
    if not is_date(value):
        return _NUMBERS
    return _NUMBERS | _DATES if _NUMBER_SIGNS.issuperset(value) else _DATES
