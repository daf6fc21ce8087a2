"""Payment card numbers."""

import re
from collections.abc import Iterator

from stdnum import luhn

from prompt_capture.domain.entities.candidates import is_named, is_reference
from prompt_capture.domain.entities.searched import LazyPattern, Searched, name_set
from prompt_capture.domain.searchable_text import Span

_MIN_DIGITS, _MAX_DIGITS = 13, 19
_MAX_NAMED_DIGITS = 16
_RUN = re.compile(r"[0-9](?:[ ._/()-]{0,3}+[0-9]){12,}+")
_GROUP = re.compile(r"[0-9]++")
_GROUP_OF_CARD = re.compile(r"[0-9]{4}|(?<![0-9])[0-9](?![0-9])")

# The first digits of each scheme, and how many digits its numbers have.
_SCHEME = LazyPattern(
    r"""4(?:\d{12}|\d{15}|\d{18})                                           # Visa
        |(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}     # Mastercard
        |220[0-4]\d{12}                                                     # Mir
        |3[47]\d{13}                                                        # American Express
        |3(?:0[0-5]|09|[689]\d)(?:\d{11}|\d{13})                            # Diners Club
        |(?:35(?:2[89]|[3-8]\d)|6011|64[4-9]\d|65\d\d|62\d\d|60\d\d|81\d\d)\d{12}(?:\d{2,3})?
        |(?:50|5[6-8]|6\d)(?:\d{14}|\d{16}|\d{17})                          # Maestro and others
        """,
    re.VERBOSE,
)
_NAMES = name_set(
    """card cards visa mastercard maestro amex express debit credit discover cc girocard bleue
    bancaire karte kreditkarte bankkarte carte tarjeta carta tarjetas cartão kaart kort kortti
    卡 卡号 银行卡 信用卡 カード 카드 карта карты карту"""
)
_OTHER_GROUPINGS = {(4, 6, 5), (4, 6, 4), (4, 4, 4, 1), (4, 4, 4, 2), (4, 4, 4, 3), (4, 4, 4, 4, 3)}
_CHECKS = 200


def find_cards(searched: Searched) -> Iterator[Span]:
    """Find card numbers: by scheme and check digit, or by the word "card" before them."""
    if searched.digit_count < _MIN_DIGITS:
        return
    for match in _RUN.finditer(searched.text):
        run_is_named = is_named(searched.lower, match.start(), _NAMES)
        if not run_is_named and not _GROUP_OF_CARD.search(match[0]):
            continue
        run = _Run(searched, match.span(), run_is_named)
        end = 0
        for first in run.possible_starts():
            last = run.last_group_of_card(first) if first >= end else None
            if last is not None:
                yield run.groups[first][0], run.groups[last][1]
                end = last + 1


class _Run:
    """Digits with separators between them: groups of digits, some of which may be a card."""

    def __init__(self, searched: Searched, span: Span, is_named: bool) -> None:
        self._searched = searched
        self._text = searched.text
        self.groups = [match.span() for match in _GROUP.finditer(self._text, *span)]
        self._sizes = [end - start for start, end in self.groups]
        self._is_named = is_named

    def possible_starts(self) -> list[int]:
        """Return the groups in which a card may start: of four digits or more, or one by one."""
        sizes = self._sizes
        starts = [
            group
            for group in range(1, len(sizes))
            if (sizes[group] >= 4 or (sizes[group] == 1 and sizes[group - 1] > 1))
            and self._text[self.groups[group][0] - 1] in " ("
        ]
        return [0, *starts] if self._is_named or self._may_be_first() else starts

    def last_group_of_card(self, first: int) -> int | None:
        """Return the last group of the card that starts with a group, if one does."""
        is_named = self._is_named and first == 0
        named_last = None
        digits = ""
        for last in range(first, len(self.groups)):
            start, end = self.groups[last]
            digits += self._text[start:end]
            if len(digits) > _MAX_DIGITS:
                break
            if len(digits) >= _MIN_DIGITS and self._may_end(last):
                has_form = is_named or _is_grouping(self._sizes[first : last + 1])
                if (
                    has_form
                    and _SCHEME.compiled.fullmatch(digits)
                    and self._has_check_digit(digits)
                ):
                    is_card = is_named or not is_reference(self._searched.lower, self.groups[0][0])
                    return last if is_card else None
                if is_named and len(digits) <= _MAX_NAMED_DIGITS:
                    named_last = last
        return named_last

    def _has_check_digit(self, digits: str) -> bool:
        return self._searched.passes(luhn.is_valid, digits, _CHECKS)

    def _may_be_first(self) -> bool:
        start = self.groups[0][0]
        before = self._text[start - 1 : start]
        is_in_word = before == "+" or (before.isascii() and before.isalpha())
        return self._sizes[0] != 2 and not is_in_word

    def _may_end(self, group: int) -> bool:
        end = self.groups[group][1]
        after = self._text[end : end + 1]
        if after.isascii() and after.isalpha():
            return False
        is_last = group + 1 == len(self.groups)
        return is_last or self._text[end : self.groups[group + 1][0]] not in {".", "-"}


def _is_grouping(sizes: list[int]) -> bool:
    """Return whether the digits of a card are written in groups of these sizes."""
    return (
        len(sizes) == 1
        or max(sizes) == 1
        or (sum(sizes) == 16 and all(size % 4 == 0 for size in sizes))
        or tuple(sizes) in _OTHER_GROUPINGS
    )
