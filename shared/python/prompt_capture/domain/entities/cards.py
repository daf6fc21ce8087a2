"""Payment card numbers."""

import re
from collections.abc import Iterable, Iterator

from prompt_capture.domain.entities.candidates import (
    YEAR_NUMBER,
    end_of_number,
    is_amount,
    is_reference,
)
from prompt_capture.domain.entities.phones import PHONE_NAMES
from prompt_capture.domain.entities.reach import Between, reaches_far
from prompt_capture.domain.entities.searched import (
    MASK,
    NAME_END,
    NOT_BEFORE_WORD,
    NUMBER_FOLLOWS,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.entities.spelled_digits import find_spelled_numbers
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_MIN_DIGITS = 13
_GAP = "[ ._/()-]{1,3}+"
_END = r"(?![A-Za-z0-9\x7f]|[.-][0-9\x7f])"
# The groups in which cards are written. Candidates may overlap: only the first digit is consumed.
_CANDIDATE = lazy_pattern(
    rf"""[2-68](?=[0-9 ._/(),:;|~*+-]{{12}})
        (?:(?<![A-Za-z0-9\x7f+].)(?<![0-9][.-].)|(?<=card.)|(?<=visa.)|(?<=%b.))
        (?=(?P<rest>
        [0-9]{{12,18}}                                                  # 4111111111111111
        |[0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{3}})?           # 4111 1111 1111 1111
        |[0-9]{{3}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}                       # 3714 496353 98431
        |[0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{2}}{_GAP}[0-9]{{1,3}}              # 4222 2222 2222 2
        |[0-9]{{3}}(?:[0-9]{{4}}|{_GAP}[0-9]{{4}}){{3}}                     # 41111111 11111111
        |[0-9]{{5}}{_GAP}[0-9]{{10}}|[0-9]{{7}}{_GAP}[0-9]{{8}}             # 411111 1111111111
        |[0-9]{{3}}(?P<sign>[,:;|~*+])(?:[0-9]{{4}}(?P=sign)){{2}}[0-9]{{4}}  # 4111,1111,1111,1111
        |(?:{_GAP}[0-9]){{12,18}}                                         # 4 1 1 1 1 ...
        ){_END})""",
    re.VERBOSE,
)

# The first digits of each scheme, and how many digits its numbers have.
_SCHEME = lazy_pattern(
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
_NAMES = names(
    """pan card cards visa mastercard maestro amex express debit credit discover cc girocard bleue
    bancaire karte karten kartennummer kartennr kreditkarte kreditkarten kreditkartennummer
    kreditkartennr bankkarte carte tarjeta carta tarjetas cartão kaart kort kortti
    karta karty kartę kartą kart
    卡 卡号 银行卡 信用卡 储蓄卡 借记卡 カード クレジット 카드 карта карты карту картой карте"""
)
CARD_NAMES = frozenset(_NAMES)
# "tarjeta de crédito", "karta płatnicza"
_KINDS = names("de di do credito crédito débito debito płatnicza płatniczej kredytowa kredytowej")
_NAMED = NamePattern(
    _NAMES,
    rf"""{any_of(_NAMES)}(?:[ _-]?{any_of((*_NAMES, *_KINDS))}){{0,3}}(?:[ _-]details)?
        {NUMBER_FOLLOWS}
        (?P<number>[0-9](?:[ ._/()-]{{0,3}}[0-9]){{12,18}}){_END}(?!/[0-9])""",
    numbered=True,
)
_WITHOUT_GAPS = str.maketrans("", "", " ._/(),:;|~*+-")
# "ID card 110105194912310021"
_OTHER_CARD = lazy_pattern(r"(?<![a-z0-9])(?:id|identity|citizen|health|insurance)[ _-]\Z")
_MAX_KIND = 12
# The security code behind a card and its expiry date: "12/27 123".
_SECURITY_CODE = lazy_pattern(
    r"""[ ,;|/]{1,3}(?:cid[: ]{1,2}
            |(?:exp[a-z]{0,8}[.: ]{1,2})?(?:0?[1-9]|1[0-2])\ ?[/|-]\ ?(?:20)?[0-9]{2}[ ,;|/]{1,3})
        (?P<code>[0-9]{3,4})(?![A-Za-z0-9\x7f])""",
    re.VERBOSE,
)
# Words for a security code, where a card is near
_CODE_NAMES = names(
    "",
    "sec code", "sec. code", "security no", "security number", "security digits",
    *(f"{digits} on {the}back" for digits in ("code", "number", "numbers", "digits", "three")
      for the in ("", "the ", "its ")),
    "little number", "back code",
    *(f"{digits} auf der rückseite" for digits in ("code", "nummer", "ziffern", "prüfziffer")),
    "code au dos", "chiffres au dos", "numéro au dos", "código de atrás", "número de atrás",
    "cifre sul retro", "codice sul retro", "código do verso", "código no verso",
)  # fmt: skip
_NAMED_CODE = NamePattern(
    _CODE_NAMES,
    rf"""{any_of(_CODE_NAMES)}{NAME_END}["')]{{0,2}}(?P<between>(?:\ [a-z]{{1,12}}){{0,5}}?)
        [ :=("'-]{{1,3}}(?P<code>[0-9]{{3,4}}){NOT_BEFORE_WORD}(?![.,:/-][0-9]|\ ?%)""",
)
_CODE_WINDOW = 60
_NOT_LETTERS = lazy_pattern(r"[^a-z]+")
# 16 digits in groups of schemes that have numbers of 19 digits hardly ever
_SIXTEEN = lazy_pattern(r"[245][0-9]{3}(?:[ ._/()-]{1,3}[0-9]{4}){3}\Z")
# "quote Q-4111111111111111"
_LETTERS_BEFORE = lazy_pattern(r"(?<![a-z0-9\x7f])[a-z]{1,4}-\Z")
# "user id 4111111111111111"
_NO_CARD = lazy_pattern(
    r"(?:cardinality|(?<![a-z0-9])(?![a-z]*card)[a-z]{2,20}[ _-]id)[ :=#\"']{0,3}\Z"
)
_NO_CARD_WINDOW = 30
_CHECKS = 100


def find_cards(searched: Searched) -> Iterator[Span]:
    """Find card numbers: by scheme and check digit, or by the word "card" before them.

    A security code that follows a number and its expiry date is found as well.
    """
    yield from [span for span, digits in find_spelled_numbers(searched) if is_card_number(digits)]
    if searched.digit_count < _MIN_DIGITS:
        return
    end = 0
    for match in _CANDIDATE.finditer(searched.lower):
        start, longest = match.start(), match.end("rest")
        stop = _end_before_amount(searched.lower, start, longest) if start >= end else 0
        if stop and _is_card(searched, start, stop):
            end = stop
            yield start, end
            yield from _find_security_code(searched, end)
    for match in _NAMED.finditer(searched):
        if _OTHER_CARD.search(searched.lower, max(0, match.start() - _MAX_KIND), match.start()):
            continue
        start, end = match.span("number")
        end = end_of_number(searched.lower, start, end, _MIN_DIGITS)
        end = _end_before_amount(searched.lower, start, end)
        if not _is_reached(searched, match, (start, end)):
            continue
        yield start, end
        yield from _find_security_code(searched, end)


def is_card_number(number: str) -> bool:
    """Return whether a number, with or without gaps, has the form of a scheme and a check digit."""
    digits = _digits_of(number)
    return bool(_SCHEME.fullmatch(digits)) and _has_check_digit(digits)


def _is_reached(searched: Searched, match: re.Match[str], span: Span) -> bool:
    """Return whether a number follows its name directly, or over words with a scheme's form."""
    if Between(searched, match, span[0]).is_direct:
        return True
    digits = searched.lower[slice(*span)].translate(_WITHOUT_GAPS)
    has_form = _SCHEME.fullmatch(digits)
    return bool(has_form) and reaches_far(searched, match, span, PHONE_NAMES)


def _find_security_code(searched: Searched, card_end: int) -> Iterator[Span]:
    code = _SECURITY_CODE.match(searched.lower, card_end)
    if code:
        yield code.span("code")


def _end_before_amount(lower: str, start: int, end: int) -> int:
    """Return the end of a number of 16 digits with a check digit, without a group behind it."""
    space = end - len(" 700")
    if lower[space] != " " or not _SIXTEEN.match(lower, start, space):
        return end
    return space if _has_check_digit(_digits_of(lower[start:space])) else end


def _has_check_digit(digits: str) -> bool:
    from stdnum import luhn

    return bool(luhn.is_valid(digits))


def _digits_of(number: str) -> str:
    return number.translate(_WITHOUT_GAPS)


def find_security_codes(searched: Searched) -> Iterable[Span]:
    """Find the security codes that words describe near a card: "the three on the back are 482"."""
    has_names = searched.digit_count and _NAMED_CODE.may_be_in(searched)
    return _find_named_codes(searched) if has_names else ()


def _find_named_codes(searched: Searched) -> Iterator[Span]:
    for match in _NAMED_CODE.finditer(searched):
        start, end = match.span("code")
        before = searched.lower[max(0, match.start() - _CODE_WINDOW) : match.start()]
        words = f"{before.rpartition(MASK)[2]} {match['between']}"
        is_near = MASK in before or not CARD_NAMES.isdisjoint(_NOT_LETTERS.split(words))
        is_other = before.endswith("social ") or YEAR_NUMBER.fullmatch(match["code"])
        if is_near and not is_other and not is_amount(searched.lower, end):
            yield start, end


def _is_card(searched: Searched, start: int, end: int) -> bool:
    digits = _digits_of(searched.lower[start:end])
    if not _SCHEME.fullmatch(digits) or not searched.passes(_has_check_digit, digits, _CHECKS):
        return False
    is_id = _NO_CARD.search(searched.lower, max(0, start - _NO_CARD_WINDOW), start)
    letters = _LETTERS_BEFORE.search(searched.lower, max(0, start - _NO_CARD_WINDOW), start)
    return not (is_id or is_reference(searched, letters.start() if letters else start))
