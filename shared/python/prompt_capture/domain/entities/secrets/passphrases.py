"""Passwords that are words, where a sentence gives them: up to the end of its clause."""

import re
from itertools import takewhile
from typing import Literal

from prompt_capture.domain.entities.candidates import is_amount
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

Relation = Literal["assigned", "is", "to", "next"]
"""How a value follows the name of a secret: "pin: 1", "pin is 1", "set pin to 1", "pin 1"."""

_Word = re.Match[str]

_TOKEN = lazy_pattern(
    r"""["'`(]?(?P<word>[^\W\d_]{1,200}+(?:['-][^\W\d_]{1,200}+){0,20}+)
        (?P<end>["'`)*_~]{0,3}[.,;:!?)\]\u3011]*+)
        (?:\ |\Z|(?<=[.,;:!?)\]\u3011])(?=[^\x00-\x7f]))""",
    re.VERBOSE,
)
_NUMBER = lazy_pattern(r"\ (?P<number>[0-9]{1,8})(?P<end>[\"'`)*_~]{0,3}[.,;:!?)]*+)(?:\ |\Z)")
_SEED_WORD = lazy_pattern(
    r"(?:[0-9]{1,2}[.)] ?)?(?P<word>[a-z]{3,8})(?![^ ,.;!?)\]\"'`*_~\x80-\U0010ffff])[ ,]{0,2}"
)
_GOES_ON = lazy_pattern(" [a-z]")
_MIN_SEED_WORDS, _MAX_SEED_WORDS = 6, 25
SEED_COUNTS = (25, 24, 21, 18, 15, 12)
"""How many words restore a wallet (BIP 39, Monero)."""
_MAX_WORDS = 12
_MIN_DIGITS = 3
_MIN_SENTENCE = 3
_STATE = lazy_pattern(r".{3,}(?:able|ible|ous|ful|less|ive|[^aeiou]ed|ied|[^rk]ing)")
_STATES_BY_VERB = {
    "ist": lazy_pattern(".{3,}(?:ig|lich|bar|sam|los|isch|haft)"),
    "est": lazy_pattern(".{2,}(?:able|ible|if|ive|eux|euse|isant|aire|oire|ide|ique|ifie)"),
    "es": lazy_pattern(".{2,}(?:ad[oa]|id[oa]|iv[oa]|os[oa]|ble|ori[oa]|ari[oa]|ct[oa])"),
    "e": lazy_pattern(
        ".{2,}(?:ad[oa]|id[oa]|at[oa]|it[oa]|ut[oa]|iv[oa]|os[oa]|vel|bile|ori[oa]|ari[oa]|ett[oa])"
    ),
    "jest": lazy_pattern(".{2,}(?:[bdlnrtw]|k[ij]|g[ij]|s[zk]|cz)e"),
    "je": lazy_pattern(".{2,}(?:[sctvae]na|ne|ke|be)"),
    "ar": lazy_pattern(".{2,}(?:igt|ande|erat|bart|lost)"),
    "er": lazy_pattern(".{2,}(?:igt?|ende|ert|bart|lost)"),
    "is": lazy_pattern(".{2,}(?:lijk|baar)|(?:ge|ver).{2,}eerd"),
}
"""The endings of adjectives and participles as they agree with the word for a password."""
_GERMAN_STATE = lazy_pattern(r"(?:ge|abge|ver|be|zu).{3,}(?:t|en)")


def find_spelled_digits(lower: str, start: int) -> Span | None:
    """Return the span of three or more digits that are spelled out: "four seven one one"."""
    first = _TOKEN.match(lower, start)
    if not first or first["word"] not in words.NUMBER_WORDS:
        return None
    digits = list(takewhile(lambda word: word["word"] in words.NUMBER_WORDS, _clause(lower, start)))
    return (digits[0].start("word"), digits[-1].end("word")) if len(digits) >= _MIN_DIGITS else None


def find_seed_phrase(lower: str, start: int, least: int = _MIN_SEED_WORDS) -> Span | None:
    """Return the span of the words that restore a wallet, of which there are at least so many."""
    seeds: list[_Word] = []
    word = _SEED_WORD.match(lower, start)
    while word and word["word"] not in words.NO_SEEDS and len(seeds) < _MAX_SEED_WORDS:
        seeds.append(word)
        if "," in word[0] and len(seeds) >= least and "," not in lower[start : word.end() - 2]:
            break  # what follows is another clause
        word = _SEED_WORD.match(lower, word.end())
    if seeds and _GOES_ON.match(lower, seeds[-1].end("word")):
        seeds = seeds[: next((count for count in SEED_COUNTS if count <= len(seeds)), None)]
    return (seeds[0].start(), seeds[-1].end("word")) if len(seeds) >= least else None


def find_sentence(lower: str, start: int) -> Span | None:
    """Return the span of a sentence that is a password: "winter is coming soon"."""
    clause = _without_next_field(lower, _clause(lower, start))
    if len(clause) < _MIN_SENTENCE or words.is_common(clause[0]["word"]):
        return None
    return clause[0].start("word"), clause[-1].end("word")


def find_passphrase(lower: str, start: int, relation: Relation, verb: str = "") -> Span | None:
    """Return the span of the password of words that begins at a position of a lower-case text.

    A word that says how or where the password is ("wrong", "on the fridge") is no password. The
    verb decides in which language it may say so.
    """
    clause = _clause(lower, start)
    if relation == "assigned":
        clause = _without_next_field(lower, clause)
    phrase = list(takewhile(lambda word: word["word"] not in words.FUNCTION_WORDS, clause))
    if relation == "assigned" and clause and clause[0]["word"] in words.BEGINNINGS:
        phrase = clause if _is_quotation(clause) else []
    if relation == "assigned" and phrase and phrase[0]["word"] in words.AFTER_EMPTY_FIELD:
        return None
    if not phrase or not _is_password(phrase, clause, relation):
        return None
    if relation == "is" and (
        _is_compared(phrase, clause) or _is_state_in_language(phrase[0]["word"], verb.strip())
    ):
        return None
    end = phrase[-1].end("word")
    if len(phrase) == len(clause) and not phrase[-1]["end"]:
        end = _end_of_numbers(lower, end)
    return phrase[0].start("word"), end


def _end_of_numbers(lower: str, end: int) -> int:
    """Return the end of a password of words with the numbers, and words, that continue it."""
    number = _NUMBER.match(lower, end)
    while number and not is_amount(lower, number.end("number")):
        end = number.end("number")
        if number["end"]:
            break
        clause = _clause(lower, number.end())
        phrase = list(takewhile(_continues, clause))
        end = phrase[-1].end("word") if phrase else end
        number = _NUMBER.match(lower, end) if len(phrase) == len(clause) else None
    return end


def _continues(word: _Word) -> bool:
    return word["word"] not in words.FUNCTION_WORDS | words.CONJUNCTIONS


def _clause(lower: str, start: int) -> list[_Word]:
    """Return the words from a position to the end of their clause."""
    clause: list[_Word] = []
    word = _TOKEN.match(lower, start)
    while word and len(clause) < _MAX_WORDS:
        if clause and word["word"] in words.CONJUNCTIONS:
            break
        clause.append(word)
        word = None if word["end"] else _TOKEN.match(lower, word.end())
    return clause


def _without_next_field(lower: str, clause: list[_Word]) -> list[_Word]:
    """Return the words of a clause without the last one if it names a field: "tiger host: db1"."""
    last = clause[-1] if len(clause) > 1 else None
    names_field = last and (last["end"].startswith(":") or lower.startswith("= ", last.end()))
    return clause[:-1] if names_field else clause


def _is_quotation(clause: list[_Word]) -> bool:
    """Return whether a phrase with an article refers to nothing: "the quick brown fox"."""
    return len(clause) >= 3 and all(word["word"] not in words.FUNCTION_WORDS for word in clause[1:])


def _is_password(phrase: list[_Word], clause: list[_Word], relation: Relation) -> bool:
    first = phrase[0]["word"]
    if relation == "is" and not first.isascii():
        return False  # the states of a password in other scripts are not listed
    if relation == "to":
        return len(clause) == 1 and first not in words.NOT_AFTER_TO and not is_state(first)
    if relation == "next":
        return False
    says_state = first in words.STATES if relation == "assigned" else is_state(first)
    if says_state:
        is_long = len(phrase) >= (2 if relation == "assigned" else 4)
        return is_long and first in words.ADJECTIVES and len(phrase) == len(clause)
    return True


def _is_compared(phrase: list[_Word], clause: list[_Word]) -> bool:
    """Return whether a phrase compares a password: "older than a year"."""
    behind = clause[len(phrase) :]
    return bool(behind) and behind[0]["word"] in words.COMPARISON


def _is_state_in_language(word: str, verb: str) -> bool:
    """Return whether a word is an adjective by its ending, in the language of the verb."""
    ending = _STATES_BY_VERB.get(verb)
    return bool(ending and ending.fullmatch(word))


def is_state(word: str) -> bool:
    """Return whether a word says how a password is: "wrong", "expired"."""
    return word in words.STATES or bool(_STATE.fullmatch(word) or _GERMAN_STATE.fullmatch(word))


def is_clause(quotation: str) -> bool:
    """Return whether a quotation is a part of a sentence: 'my password "to check the history"'."""
    first, _, rest = quotation.lower().partition(" ")
    return " " in rest and first in words.FUNCTION_WORDS | words.CONJUNCTIONS
