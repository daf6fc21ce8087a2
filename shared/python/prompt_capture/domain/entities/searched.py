"""A text during the search for entities, and patterns that begin with a name."""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import cached_property
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, TypeVar

from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span, fold_characters

_T = TypeVar("_T", bound=Hashable)
_R = TypeVar("_R")

MASK = "\x7f"
"""What finders see for each character of a placeholder. It is part of no entity, but of a word: an
entity does not begin or end next to it, so that finding one entity reveals no other."""

NOT_AFTER_WORD = r"(?<![A-Za-z0-9\x7f])"
NOT_BEFORE_WORD = r"(?![A-Za-z0-9\x7f])"
"""Boundaries of a word. Letters of other scripts are no part of it: "卡号4111" has a boundary."""
NAME_END = rf"(?:(?<=[^\x00-\x7f])|(?<=[^\x00-\x7f]-)|{NOT_BEFORE_WORD})"
"""The end of a name. In a script without spaces, a value may follow directly: "账号12345678". The
long vowel of Japanese is a hyphen in the searched form: "マイナンバー1234"."""

_WORD = lazy_pattern(r"[a-z](?<![a-z0-9\x7f].)[a-z0-9\x7f]*+")
_FIRST_WORDS: set[str] = set()
"""The first words of the names in all patterns; a text is searched once for them."""
_SETS_OF_WORDS: dict[frozenset[str], frozenset[str]] = {}
"""Each set of first words: a dictionary finds the same one faster than an equal one."""

_CAPITAL = lazy_pattern("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# "Phone" in "customerPhone"
_INNER_WORD = lazy_pattern(r"[A-Z](?<=[a-z].)(?:[a-z]{2,}+|[A-Z]++(?![a-z]))")

_TRADITIONAL = str.maketrans(
    "证号码护银电话机验订单运于为给账编驾诞", "證號碼護銀電話機驗訂單運於為給帳編駕誕"
)

_LONG_WORD = lazy_pattern(r"[A-Za-z0-9+/_=.~-](?<![A-Za-z0-9\x7f+/_=.~-].)[A-Za-z0-9+/_=.~-]{15,}+")
# The start of many identifiers: "DE89", "X1234567", "AB 12 34 56 C".
_LETTERS_AND_DIGITS = lazy_pattern(rf"{NOT_AFTER_WORD}[A-Za-z]{{1,6}}+[ -]?(?=[0-9]{{2}})")

_REACH = 256
"""Characters to each side of an entity that a finder may look at to find another one."""
_DENSE = 0.8
"""The share of a text from which searching all of it again is faster than choosing parts."""


class Searched:
    """The searched form of a text, in which the entities that were found are masked."""

    def __init__(self, text: str, written: Callable[[Span], str] | None = None) -> None:
        self.mask_count = 0
        self._written = written or (lambda span: text[slice(*span)])
        self._parts = [(0, 0)]
        """Where each part of the text begins, now and before it was narrowed."""
        self._results: dict[Callable[..., object], dict[Hashable, Any]] = {}
        self._search_in(text)

    def _search_in(self, text: str) -> None:
        self.text = text
        self.lower = text.lower()
        self.digit_count = sum(map(text.count, "0123456789"))
        self._starts: dict[str, list[int]] = {}
        self._starts_of: dict[frozenset[str], list[int]] = {}
        for match in _WORD.finditer(self.lower):
            if match[0] in _FIRST_WORDS:
                self._starts.setdefault(match[0], []).append(match.start())
        for match in _INNER_WORD.finditer(text):
            word = match[0].lower()
            if word in _FIRST_WORDS:
                self._starts.setdefault(word, []).append(match.start())
        self.__dict__.pop("identifier_starts", None)
        self.__dict__.pop("_long_words", None)
        self.__dict__.pop("letters", None)

    def mask(self, spans: Iterable[Span]) -> None:
        """Hide spans from the finders that follow. The spans are sorted and do not overlap."""
        spans = list(spans)
        if not spans:
            return
        self.mask_count += 1
        self.text = hide(self.text, spans)
        # To lower a text without ASCII takes long, but the small form of a sigma depends on what
        # follows it.
        self.lower = self.text.lower() if "\u03a3" in self.text else hide(self.lower, spans)

    def narrow(self, spans: list[Span]) -> None:
        """Search only around these spans from now on, where masking them may have revealed more.

        The rest has been searched as it is. From here on, positions are those in a shorter text;
        `original` returns where they were.
        """
        if len(spans) * _REACH > len(self.text):
            return  # they are too many to leave out much
        windows = merge(
            window
            for start, end in spans
            for window in ((self._space_before(start), start), (end, self._space_behind(end)))
        )
        if sum(stop - begin for begin, stop in windows) < _DENSE * len(self.text):
            self._keep(windows)

    def leave_out(self, original: Span) -> None:
        """Search no longer in a part of the text, given by positions in all of it."""
        start, end = map(self._position, original)
        self.mask_count += 1
        self._keep([(0, start), (end, len(self.text))])

    def _position(self, original: int) -> int:
        """Return where a kept position of the whole text is now: the opposite of `_original`."""
        part = bisect_right(self._parts, original, key=itemgetter(1)) - 1
        start, first = self._parts[part]
        return start + original - first

    def _keep(self, windows: list[Span]) -> None:
        """Keep some parts of the text. Masks stand for the rest, no longer than `_REACH` each."""
        kept, parts, position = "", [], 0
        for begin, stop in windows:
            kept += MASK * min(begin - position, _REACH)
            starts = [begin, *(start for start, _ in self._parts if begin < start < stop)]
            parts += [(len(kept) + start - begin, self._original(start)) for start in starts]
            kept += self.text[begin:stop]
            position = stop
        self._parts = parts
        self._search_in(kept + MASK * min(len(self.text) - position, _REACH))

    def original(self, span: Span) -> Span:
        """Return where a span of an entity was before the text was narrowed."""
        start, end = span
        return self._original(start), self._original(end - 1) + 1

    def written(self, span: Span) -> str:
        """Return how a span is written in the text, with diacritics."""
        return self._written(self.original(span))

    def _original(self, position: int) -> int:
        part = bisect_right(self._parts, position, key=itemgetter(0)) - 1
        start, original = self._parts[part]
        return position - start + original

    def _space_before(self, position: int) -> int:
        return max(0, self.text.rfind(" ", 0, max(0, position - _REACH)))

    def _space_behind(self, position: int) -> int:
        space = self.text.find(" ", position + _REACH)
        return space if space >= 0 else len(self.text)

    def passes(self, check: Callable[[_T], bool], candidate: _T, limit: int) -> bool:
        """Return whether a candidate passes a check, which is made for `limit` candidates.

        The rest passes: a text with so many candidates is a list of numbers, all of which are
        redacted from there on.
        """
        results = self._results.setdefault(check, {})
        if candidate not in results:
            results[candidate] = len(results) >= limit or check(candidate)
        return bool(results[candidate])

    def recall(self, check: Callable[[_T], _R], candidate: _T) -> _R:
        """Return what a check returns for a candidate. It is made once for equal candidates."""
        results = self._results.setdefault(check, {})
        if candidate not in results:
            results[candidate] = check(candidate)
        result: _R = results[candidate]
        return result

    @property
    def name_count(self) -> int:
        """How many first words of names the text has."""
        return sum(map(len, self._starts.values()))

    def has_any(self, words: frozenset[str]) -> bool:
        """Return whether the text has one of these first words of names."""
        return not words.isdisjoint(self._starts)

    def starts_of(self, words: frozenset[str]) -> list[int]:
        """Return where the text has one of these first words of names, in order."""
        starts = self._starts_of.get(words)
        if starts is None:
            found = [starts for word, starts in self._starts.items() if word in words]
            starts = self._starts_of[words] = sorted(chain.from_iterable(found))
        return starts

    @cached_property
    def letters(self) -> frozenset[str]:
        """The characters of the text in lower case, if some are not ASCII."""
        return frozenset() if self.lower.isascii() else frozenset(self.lower)

    @property
    def long_words(self) -> list[Span]:
        """Where 16 or more characters of keys, tokens and wallets follow one another.

        Words that are masked as a whole are left out.
        """
        count = self.text.count
        return [span for span in self._long_words if count(MASK, *span) < span[1] - span[0]]

    @cached_property
    def _long_words(self) -> list[Span]:
        return [match.span() for match in _LONG_WORD.finditer(self.text)]

    @cached_property
    def identifier_starts(self) -> list[int]:
        """Where one to six letters begin that two digits follow, with a space, a hyphen or none."""
        return [match.start() for match in _LETTERS_AND_DIGITS.finditer(self.text)]


def hide(text: str, spans: Iterable[Span]) -> str:
    """Replace sorted spans, which do not overlap, with as many masks."""
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], MASK * (end - start)]
        position = end
    return "".join([*parts, text[position:]])


def merge(spans: Iterable[Span]) -> list[Span]:
    """Sort spans, and merge those that overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def context_before(text: str, position: int, size: int) -> str:
    """Return up to `size` characters before a position, back to the last entity."""
    return text[max(0, position - size) : position].rpartition(MASK)[2]


def names(words: str, *phrases: str) -> tuple[str, ...]:
    """Return names as the searched form of a text spells them: words, and phrases of several.

    Names in simplified Chinese characters are also returned in traditional ones.
    """
    single = fold_characters(words.lower()).split()
    spelled = [*single, *(fold_characters(phrase.lower()) for phrase in phrases)]
    others = (name.translate(_TRADITIONAL) for name in spelled if not name.isascii())
    return tuple(dict.fromkeys([*spelled, *others]))


def name_set(words: str) -> frozenset[str]:
    """Return names of one word as the searched form of a text spells them."""
    return frozenset(names(words))


def split_capitals(text: str) -> str:
    """Return a text with a space before each word that a capital begins: "card Number"."""
    return _CAPITAL.sub(" ", text)


_NUMBER = names(
    """number nummer numero num no n nr nro numer numeri číslo broj nomor номер 号码 号 番号 번호
    n° n.º"""
)
NUMBER = rf"(?:{any_of(_NUMBER)}\.?)"
"""A word that follows the name of a number: "card number", "compte n°", "conta n.º"."""
REMARK = (
    r"(?:\ ?\#?[0-9]{1,2}(?=\ ?:))?"
    r"(?:\ ?\((?=[0-9\ \#-]{0,4}[a-z])[a-z0-9\ .,'\#-]{1,40}\))?"
)
"""What may follow the name of a field: which of several it is ("Phone 2:"), and a remark in
brackets ("(as shown)", "(8 digits)", "(adult 2)")."""
_WORD_BETWEEN = (
    r"(?:[a-z\u00df-\u024f][a-z\u00df-\u024f'-]{0,19}+(?![0-9\x7f])"
    r"|[^\W\d_\x00-\u024f][^\x00-\u024f]{0,19}+)"
)
WORDS_BETWEEN = rf"(?:[^\w.!;|<>\x7f]{{0,3}}+{_WORD_BETWEEN}){{0,7}}?"
"""Up to seven words of a sentence, without digits between them."""
NUMBER_FOLLOWS = (
    rf"(?:(?:[ ._-]{{1,2}}|(?!n[^a-z°.])){NUMBER})?{NAME_END}\.?{REMARK}"
    rf"(?=[^0-9\x7f]{{0,120}}+[0-9])(?P<between>{WORDS_BETWEEN}[^a-z0-9\x7f]{{0,6}}?)"
)
"""What may stand between a name and its number: "number: ", "_no", a remark, and words, such as
whose number it is ("of my wife is"). `reach` says how far the name reaches over them.

A single "n" is apart from the name: "perso n 1", but not "person 1".
"""


_MAX_WORD = 9


def _is_behind(lower: str, start: int, words: frozenset[str]) -> bool:
    before = lower[max(0, start - _MAX_WORD) : start]
    return before[-1:] == "(" or before[:-1].rpartition(" ")[2] in words


def _first_word(name: str) -> str:
    word = _WORD.match(name)
    return word[0] if word else ""


_NUMBER_WORDS = frozenset(map(_first_word, _NUMBER))


class NamePattern:
    """A pattern, in verbose notation, that begins with one of some names.

    The names of fields are written in one word: "dateofbirth", and with `numbered` "cardnumber".
    """

    def __init__(self, begin: Iterable[str], pattern: str, *, numbered: bool = False) -> None:
        begin = frozenset(begin)
        self.pattern = lazy_pattern(pattern, re.VERBOSE)
        joined = begin | {name.replace(" ", "") for name in begin if " " in name}
        words = frozenset(filter(None, map(_first_word, joined)))
        if numbered:
            words |= {word + number for word in words & joined for number in _NUMBER_WORDS}
        self._first_words = _SETS_OF_WORDS.setdefault(words, words)
        _FIRST_WORDS.update(self._first_words)
        other = [name for name in begin if not name.isascii()]
        self._other = lazy_pattern(any_of(other)) if other else None
        self._other_letters = frozenset(name[0] for name in other)

    def may_be_in(self, searched: Searched) -> bool:
        """Return whether a text has a first word of a name that is ASCII: a fast check."""
        return searched.has_any(self._first_words)

    def finditer(
        self, searched: Searched, behind: frozenset[str] = frozenset()
    ) -> Iterator[re.Match[str]]:
        """Find the pattern in the text in lower case, where a name begins. Matches may overlap.

        With `behind`, the name stands behind one of these words, or a bracket.
        """
        starts = searched.starts_of(self._first_words)
        if self._other and not self._other_letters.isdisjoint(searched.letters):
            others = (match.start() for match in self._other.finditer(searched.lower))
            starts = sorted([*starts, *others])
        if behind:
            lower = searched.lower
            starts = [start for start in starts if _is_behind(lower, start, behind)]
        if starts:
            match = self.pattern.match
            yield from filter(None, map(match, repeat(searched.lower), starts))
