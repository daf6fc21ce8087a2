"""How far a name reaches its number, over the words between them."""

import re

from prompt_capture.domain.entities.candidates import (
    AFTER_PERSON,
    MEASURES,
    NO_NAMED_NUMBER,
    PEOPLE,
    REFERENCES,
    THINGS,
    WINDOW,
    is_amount,
    is_named,
)
from prompt_capture.domain.entities.searched import Searched, context_before, name_set
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

_LINKS = name_set(
    """is are was ist war lautet est es e er ar je jest este adalah είναι to says reads value la s
    saya number nummer numret numero numer num no n nr nro номер 号码 号 番号"""
)
"""Words directly before a value; the last ones of "number's", "norek saya" and "của tôi là"."""
_COUNTING = name_set("has have hat haben tiene tienen tem ha heeft har ma a")
"""Verbs that a count follows: "the account has 12345678 followers", but not "has the number"."""
_DIRECT = (
    _LINKS.difference({"to", "says", "reads"})
    | _COUNTING
    | name_set("mit with the die der le el o il het")
)
_PREPOSITIONS = name_set(
    """of for von fur pour du de del para per di dla voor til av af da do to at in bei beim bij
    chez en em na w u"""
)
_ASSIGNS = (":", "=", "#")
_WORD_BETWEEN = lazy_pattern("[^\\W\\d_]+")
_TWO_LABELS = lazy_pattern(":.*[a-z].*:")
_HAS_NO = lazy_pattern(" ha(?:s|ve) no ")
_MAX_SIGNS = 6
_PLAIN_DIGITS = lazy_pattern("[0-9]+(?:[ -][0-9]+)?")
_NUMBERED = lazy_pattern(r"num|n[or]\b|n[or]\.|n\u00b0|code|kod")


class Between:
    """What stands between a name and its number, of a pattern with `NUMBER_FOLLOWS`."""

    def __init__(self, searched: Searched, match: re.Match[str], start: int) -> None:
        self._between = searched.lower[match.start("between") : start]
        self._words = _WORD_BETWEEN.findall(self._between)

    @property
    def is_direct(self) -> bool:
        """Whether nothing else than signs, verbs and words for numbers stand between."""
        if self._counts:
            return False
        is_short = len(self._between) <= _MAX_SIGNS and not self._between.isascii()
        return is_short or _DIRECT.issuperset(self._words)

    @property
    def is_linked(self) -> bool:
        """Whether a sign or a verb directly before the number says that it is a value."""
        last_word = self._words[-1:]
        return self._between.rstrip(" \"'").endswith(_ASSIGNS) or not _LINKS.isdisjoint(last_word)

    @property
    def _counts(self) -> bool:
        """Whether a count follows."""
        return not _COUNTING.isdisjoint(self._words[-1:]) or bool(_HAS_NO.search(self._between))

    @property
    def has_preposition(self) -> bool:
        """Whether a preposition may say whose number it is; they are known in Latin letters."""
        return not self._between.isascii() or not _PREPOSITIONS.isdisjoint(self._words)

    @property
    def is_label(self) -> bool:
        """Whether a preposition and a colon make all of it a label: "for the contract: "."""
        return self.has_preposition and self.is_linked and _LINKS.isdisjoint(self._words)

    def names_another(self, others: frozenset[str]) -> bool:
        """Return whether something else between has the number: one of some names, or a field."""
        return (
            self._counts
            or not others.isdisjoint(self._words)
            or not MEASURES.isdisjoint(self._words)
            or bool(_TWO_LABELS.search(self._between))
        )


def reaches_far(
    searched: Searched, match: re.Match[str], span: Span, others: frozenset[str]
) -> bool:
    """Return whether a name has a number that does not follow directly."""
    start, end = span
    number = searched.lower[start:end]
    between = Between(searched, match, start)
    return _has_evidence(match, between, number) and not (
        between.names_another(others)
        or NO_NAMED_NUMBER.match(number)
        or is_amount(searched.lower, end)
        or (not between.is_label and _is_of_thing(searched, start))
    )


def _has_evidence(match: re.Match[str], between: Between, number: str) -> bool:
    """Return whether a name that reaches a number over words is one of a number.

    Digits alone need a verb, a preposition or a word for a number: "account of the club 12345678",
    but not "account printer 12345678".
    """
    name = match[0][: match.start("between") - match.start()]
    return (
        between.is_linked
        or between.has_preposition
        or not _PLAIN_DIGITS.fullmatch(number)
        or bool(_NUMBERED.search(name))
    )


def is_name_of_number(word: str) -> bool:
    """Return whether a word before a number is a name of it, and no part: "ISBN 9780..."."""
    return word in REFERENCES or word in _LINKS


def _is_of_thing(searched: Searched, start: int) -> bool:
    before = context_before(searched.lower, start, WINDOW)
    return is_named(searched, start, THINGS) or (
        is_named(searched, start, PEOPLE) and not AFTER_PERSON.search(before)
    )
