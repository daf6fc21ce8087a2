"""A linear model that recognises secrets and numbers by their form and the words around them.

Rules know the common names of secrets and numbers. This model decides about what they leave:
numbers, and tokens with digits or signs. Its weights are integers, so that a sum is the same on
every machine. `python -m training.redaction` fits them to labelled texts.
"""

import gzip
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prompt_capture.domain.entities import context_words
from prompt_capture.domain.entities.bank_accounts import BANK_NAMES
from prompt_capture.domain.entities.candidates import REFERENCES, UNITS, is_amount, is_reference
from prompt_capture.domain.entities.national_ids import ID_NAMES
from prompt_capture.domain.entities.phones import PHONE_NAMES
from prompt_capture.domain.entities.searched import MASK, Searched
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.tokens import is_public
from prompt_capture.domain.entities.secrets.values import MASK_OR_NOTE, NO_VALUE
from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.searchable_text import Span

WEIGHTS = Path(__file__).with_suffix(".json.gz")

_CANDIDATE = re.compile(
    r"""(?P<mask>\x7f++)
        |(?P<quote>["'`])(?<![A-Za-z0-9\x7f].)
            (?P<quoted>[^\W\d_]++(?:[ .'&-][^\W\d_]++){0,5}+)(?P=quote)(?![A-Za-z0-9\x7f])
        |(?<![A-Za-z0-9!#$%&*+.?@^_~\\\x7f-])(?:
            (?P<groups>[0-9]{1,6}+(?:\ [0-9]{1,6}+)++(?![A-Za-z0-9#$%&+@^_\\\x7f/-]))
            |(?=[A-Za-z]*+[0-9!#$%&*+.?@^_~\\-])
                [A-Za-z0-9!#$%&*+.?@^_~\\-]{3,64}(?![A-Za-z0-9!#$%&*+.?@^_~\\\x7f-]))""",
    re.VERBOSE,
)
_MARKS_BEFORE, _MARKS_BEHIND = "*_~.?!", ".?*_~-"
_SIGNS = frozenset("!#$%&*+?@^~\\")
# Groups of one number: "902 417", "1 8 8 4"
_GROUPS = re.compile(r"[0-9]{2,6}(?:\ [0-9]{2,6}){1,4}|[0-9](?:\ [0-9]){3,7}")
_MIN_DIGITS, _MIN_QUOTED = 3, 4
# What masks the rest of a number: "**** **** **** 4821"
_MASKED = ("**", "** ", "xxxx ", "XXXX ")
_MIN_NUMBER_DIGITS = 5
"""Digits of a number that is no secret."""
_MAX_CANDIDATES = 40
"""Candidates and found entities in a text up to which candidates are considered."""

_TOKEN = re.compile(r"[a-z]+|[0-9]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\d_a-z]+|[^\w\s]")
_REACH_BEFORE, _REACH_BEHIND = 80, 40
_WORDS_BEFORE, _WORDS_BEHIND = 9, 4
_NEAR = 3
_PART = 4
"""Characters of the parts of words, which compounds and inflected words share."""
_RUN = re.compile(r"(.)\1+")
_SHAPE = str.maketrans(
    dict.fromkeys("0123456789", "0")
    | dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a")
    | dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")
)


Context = tuple[str, str, str]
"""A candidate, and what stands before and behind it, the two in lower case."""


@dataclass(frozen=True)
class ContextModel:
    """The weights of each feature, and the bias, for each of some entity types."""

    entity_types: tuple[EntityType, ...]
    bias: tuple[int, ...]
    weights: Mapping[str, Sequence[int]]

    def classify(self, features: list[str], allowed: Collection[EntityType]) -> EntityType | None:
        """Return the allowed type with the highest sum of weights, if that is positive."""
        known = list(filter(None, map(self.weights.get, features)))
        sums = map(sum, zip(self.bias, *known, strict=True))
        scores = [
            (score, entity_type)
            for score, entity_type in zip(sums, self.entity_types, strict=True)
            if entity_type in allowed and score > 0
        ]
        return max(scores)[1] if scores else None


@cache
def load_model() -> ContextModel:
    """Read the model from its file."""
    content = json.loads(gzip.decompress(WEIGHTS.read_bytes()))
    return ContextModel(tuple(content["entity_types"]), tuple(content["bias"]), content["weights"])


def find_by_context(
    searched: Searched, allowed: Collection[EntityType]
) -> dict[EntityType, list[Span]]:
    """Find the entities of the allowed types that the model recognises."""
    found: dict[EntityType, list[Span]] = {}
    types = frozenset(allowed)
    for start, end in find_candidates(searched.text):
        context = context_of(searched.text, searched.lower, start, end)
        entity_type = searched.recall(_classify, (context, types))
        if entity_type and not _is_something_else(searched, start, end, entity_type):
            found.setdefault(entity_type, []).append((start, end))
    return found


def _classify(candidate: tuple[Context, frozenset[EntityType]]) -> EntityType | None:
    context, allowed = candidate
    return load_model().classify(describe_candidate(*context), allowed)


def _is_something_else(searched: Searched, start: int, end: int, entity_type: EntityType) -> bool:
    """Return whether a candidate is an amount, a variable, or the number of a thing.

    The number of a thing may be a secret, too, which the model decides: "gate 4471".
    """
    value = searched.text[start:end]
    is_no_value = NO_VALUE.compiled.fullmatch(value) or MASK_OR_NOTE.fullmatch(value)
    is_rest = searched.text.endswith(_MASKED, 0, start)
    if (
        is_no_value
        or is_rest
        or is_amount(searched.lower, end)
        or is_public(searched, start, value)
    ):
        return True
    is_short = sum(map(str.isdigit, value)) < _MIN_NUMBER_DIGITS
    return entity_type != "secret" and (is_short or is_reference(searched, start))


def find_candidates(text: str) -> Iterator[Span]:
    """Find what may be an entity by its context, and is not next to an entity.

    These are groups of digits, tokens with a digit or a sign, and words in quotation marks.
    """
    for number, match in enumerate(_CANDIDATE.finditer(text)):
        if number >= _MAX_CANDIDATES:
            return
        if span := _candidate_in(match):
            yield span


def _candidate_in(match: re.Match[str]) -> Span | None:
    """Return the span of the candidate in a match, without the punctuation around it."""
    if match["quoted"]:
        return match.span("quoted") if len(match["quoted"]) >= _MIN_QUOTED else None
    if match["groups"]:
        return match.span("groups") if _GROUPS.fullmatch(match["groups"]) else None
    token = match[0].lstrip(_MARKS_BEFORE)
    start = match.end() - len(token)
    token = token.rstrip(_MARKS_BEHIND)
    if token.rstrip("!").isdigit():
        token = token.rstrip("!")
    digits = sum(map(str.isdigit, token))
    is_number = digits == len(token)
    is_candidate = digits >= _MIN_DIGITS if is_number else _may_be_password(token, digits)
    return (start, start + len(token)) if is_candidate else None


def _may_be_password(token: str, digits: int) -> bool:
    """Return whether a token has digits, signs, or three words that signs join."""
    if len(token) < _MIN_DIGITS + (not token.isalnum()):
        return False
    return digits > 0 or not _SIGNS.isdisjoint(token[:-1]) or sum(map(token.count, "-_.")) > 1


def context_of(text: str, lower: str, start: int, end: int) -> Context:
    """Return a candidate, and what stands before and behind it up to the next entities."""
    before = lower[max(0, start - _REACH_BEFORE) : start].rpartition(MASK)[2]
    behind = lower[end : end + _REACH_BEHIND].partition(MASK)[0]
    return text[start:end], before, behind


def describe_candidate(value: str, before: str, behind: str) -> list[str]:
    """Return the features of a candidate in its context: its form, and the nearest words."""
    kinds = _kinds(value)
    return [
        *_describe_form(value, kinds),
        *_describe_words(f"{kinds}-", _words(before)[: -_WORDS_BEFORE - 1 : -1]),
        *_describe_words(f"{kinds}+", _words(behind)[:_WORDS_BEHIND]),
    ]


def _words(text: str) -> list[str]:
    return [f"#{len(word)}" if word.isdigit() else word for word in _TOKEN.findall(text)]


def _describe_words(kinds_and_side: str, nearby: list[str]) -> Iterator[str]:
    """Return the features of the words on one side, of which the nearest is the first."""
    side = kinds_and_side[-1]
    if not nearby:
        yield f"{side} none"
        return
    yield f"{kinds_and_side}0 {nearby[0]}"
    groups = _groups_of_words()
    for position, word in enumerate(nearby):
        is_near = position < _NEAR
        yield f"{side} {word}"
        if is_near:
            yield f"{side}{position} {word}"
        if len(word) > _PART:
            yield f"{side}< {word[:_PART]}"
            yield f"{side}> {word[-_PART:]}"
        for group in groups.get(word, ()):
            yield f"{side}{is_near:d}g {group}"
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
    if digits == len(value) == 4 and value[:2] in {"19", "20"}:
        yield "year"
