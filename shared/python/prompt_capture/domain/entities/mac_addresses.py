"""MAC addresses: pairs of digits with signs between them, or what words name as one."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import REFERENCES, is_named
from prompt_capture.domain.entities.reach import Between
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NUMBER_FOLLOWS,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.patterns import any_field_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_DIGIT = "[0-9A-Fa-f]"
_PAIR = f"{_DIGIT}{{2}}"
_QUAD = f"{_DIGIT}{{4}}"
_MAC = lazy_pattern(
    rf"""[0-9A-Fa-f](?<![A-Za-z0-9\x7f].)(?:[0-9A-Fa-f](?:
            (?P<separator>[:-])(?<![0-9A-Fa-f]{{2}}[:-]{_PAIR}.)
                (?:{_PAIR}(?P=separator)){{4}}{_PAIR}(?:(?P=separator){_PAIR}){{0,2}}
                (?!(?P=separator)?[A-Za-z0-9\x7f])
            |(?:\.{_PAIR}){{5}}(?!\.?[A-Za-z0-9\x7f]))
        |[0-9A-Fa-f]{{3}}(?P<joint>[.-])(?<![.-]{_QUAD}.){_QUAD}(?P=joint){_QUAD}
            (?![.-]?[A-Za-z0-9\x7f]))""",
    re.VERBOSE,
)
_MAY_BE_MAC = lazy_pattern(
    rf"[:.-](?=[0-9A-Fa-f:.-]{{8}})(?:{_PAIR}(?:[:.-]{_PAIR}){{4}}|{_QUAD}[.-]{_QUAD})"
)
_NOT_BEHIND_PAIR = rf"(?<!(?<![A-Za-z0-9]){_DIGIT}[ :])(?<!(?<![A-Za-z0-9]){_PAIR}[ :-])"
# With spaces or line breaks, as in "D0:3F:27: 61:B8:9C", or single digits, as in "e4:5f:1:7c:aa:92"
_UNUSUAL_MAC = lazy_pattern(
    rf"""(?<![A-Za-z0-9\x7f:]){_NOT_BEHIND_PAIR}(?:
        {_PAIR}(?:\ ?:\ ?{_PAIR}){{5}}(?!\ ?:\ ?{_DIGIT})
        |{_PAIR}(?:\ ?-\ ?{_PAIR}){{5}}(?!\ ?-\ ?{_DIGIT})
        |{_DIGIT}{{1,2}}(?::{_DIGIT}{{1,2}}){{5}}(?!:[:0-9A-Fa-f])
        |(?P<spaced>[0-9a-f]{{2}}(?:\ [0-9a-f]{{2}}){{5}}|[0-9A-F]{{2}}(?:\ [0-9A-F]{{2}}){{5}})
            (?!\ {_PAIR}(?![A-Za-z0-9\x7f])))
        (?![A-Za-z0-9\x7f])""",
    re.VERBOSE,
)
# Behind the first of the pairs
_MAY_BE_APART = lazy_pattern(
    rf":(?= ?{_DIGIT}{{1,2}}(?: ?: ?{_DIGIT}{{1,2}}){{4}})|-(?= ?{_PAIR}(?: ?- ?{_PAIR}){{4}})"
)
_MAY_BE_SPACED = lazy_pattern(rf" (?={_PAIR} {_PAIR} {_PAIR} {_PAIR} {_PAIR})")
_MIN_DIGITS, _LENGTH_BEHIND = 5, 24
# As programs write bytes: "0x5C, 0xCF, ..."
_BYTES = lazy_pattern(
    rf"0(?<![A-Za-z0-9\x7f].)(?<!0[xX]{_PAIR}[ ,].)(?<!0[xX]{_PAIR}, .)"
    rf"[xX]{_PAIR}(?:(?:, ?| )0[xX]{_PAIR}){{5}}(?!,? ?0[xX]|[A-Za-z0-9\x7f])"
)
_GROUP = lazy_pattern(f"{_DIGIT}{{1,2}}(?![xX])")
_MAC_NAMES = names(
    "mac bssid hwaddr", "mac address", "mac addr", "hw address", "hw addr",
    "hardware address", "bluetooth address",
)  # fmt: skip
_TWELVE = "[0-9a-f]{6}[:-]?[0-9a-f]{6}"
_NAMED_MAC = NamePattern(
    _MAC_NAMES,
    rf"""{any_field_of(_MAC_NAMES)}(?:[ -]?add?r(?:esse)?)?{NUMBER_FOLLOWS}
        (?P<address>[0-9a-f]{{2}}(?:[ :.-]?[0-9a-f]{{2}}){{5}}|{_TWELVE}){NOT_BEFORE_WORD}""",
)
_NETWORK_NAMES = names(
    """wifi wlan lan ethernet ether bluetooth ble nic netzwerkkarte netzwerkadapter hardware
    physical addr address adresse""",
    "wi-fi", "physical address", "physical addr", "network card", "network adapter",
    "physische adresse", "physikalische adresse", "adresse physique", "dirección física",
    "indirizzo fisico", "carte réseau", "tarjeta de red",
)  # fmt: skip
_OF_NETWORK = NamePattern(
    _NETWORK_NAMES,
    rf"""{any_field_of(_NETWORK_NAMES)}{NUMBER_FOLLOWS}
        (?P<address>{_TWELVE})(?![a-z0-9\x7f]|-[a-z0-9])""",
)
_NEAR_NAME = lazy_pattern(
    rf"(?<![a-z])(?:{any_field_of((*_MAC_NAMES, *_NETWORK_NAMES))}|(?:eth|en|wlan)[0-9])(?![a-z])"
)
_NEAR = 40
# What six bytes are otherwise
_OTHER_BYTES = lazy_pattern(
    r"(?<![a-z])(?:bytes?|hex(?:dump)?|magic|signature|payload|dump|opcodes?|packet|data|buffer|ascii"
    r"|utf-?8|colou?rs?|fonts?|glyphs?|bitmap|pixels?|init|commands?|cmd|i2c|spi|uart|modbus|lcd|led"
    r"|registers?|table|lut|salt|seed|iv)(?![a-z])"
)
# "1A 2B 3C 4D 5E 6F": seats and the like
_NUMBERED = lazy_pattern("(?:[0-9][A-Fa-f] ?){6}")
_MAC_WORD = NamePattern(_MAC_NAMES, any_field_of(_MAC_NAMES))
# "CC50E3A8147D is my MAC"
_BEFORE_NAME = lazy_pattern(
    rf"(?<![a-z0-9\x7f.:/_-])(?P<address>{_TWELVE}) ?"
    r"(?:\(|= ?|(?:is|ist|as) )(?:(?:the|a|my|our|die|meine|unsere) )?\Z"
)
_BEFORE_WINDOW = 40
_NEXT_IN_LIST = lazy_pattern(
    rf"(?:,? (?:and|und|or|oder|et|y|e) |[,;/] ?| )(?P<address>{_DIGIT}{{12}})"
    r"(?![A-Za-z0-9\x7f]|-[A-Za-z0-9])"
)
# Words before codes of three groups
_CODE_NAMES = REFERENCES | name_set(
    "code codes coupon voucher gutschein gutscheincode license licence key invite promo gift"
)
_OTHER_NAMES = (
    REFERENCES - name_set("box gate item model part product room seat serial unit")
) | name_set(
    """revision rev sha sha1 hash md5 checksum digest image docker crash trace error guid build key
    pointer memory wallet contract"""
)
_HEXADECIMAL_LETTER = lazy_pattern("[A-Fa-f]")
_DECIMAL = lazy_pattern("[0-9]")
_UNICAST = frozenset("02468aceACE")
"""The second digits of the addresses of single devices."""


def find_mac_addresses(searched: Searched) -> Iterator[Span]:
    """Find MAC addresses: pairs of digits with signs between them, or what is named as one.

    The addresses of no device and of all devices stay.
    """
    for start, end in sorted(_find_addresses(searched)):
        if len(set(searched.lower[start:end]).intersection("0123456789abcdef")) > 1:
            yield start, end
            yield from _find_list_behind(searched, end)


def _find_addresses(searched: Searched) -> Iterator[Span]:
    may_have_one = _MAY_BE_MAC.search(searched.text)
    for match in _MAC.finditer(searched.text) if may_have_one else ():
        # 10-20-30-40-50-60 and 1234.5678.9012 may be anything.
        is_likely = match["separator"] == ":" or match[0].startswith("00-")
        if is_likely or _is_hexadecimal(searched, match):
            yield match.span()
    yield from _find_unusual(searched)
    yield from _find_named(searched)


def _find_unusual(searched: Searched) -> Iterator[Span]:
    """Find pairs with spaces or line breaks between them, single digits, and bytes of programs."""
    if searched.digit_count < _MIN_DIGITS:
        return
    for may_be_mac in (_MAY_BE_APART, _MAY_BE_SPACED):
        for separator in may_be_mac.finditer(searched.text):
            match = _unusual_around(searched.text, separator.start())
            if match and _is_unusual_mac(searched, match):
                yield match.span()
    if searched.lower.count("0x") >= 6:
        for match in _BYTES.finditer(searched.text):
            if _are_bytes_of_address(searched, match):
                yield match.span()


def _unusual_around(text: str, separator: int) -> re.Match[str] | None:
    """Return the pairs of which the first one stands before a separator."""
    end = separator - (text[separator - 1 : separator] == " ")
    if not _HEXADECIMAL_LETTER.search(text, max(0, end - 2), separator + _LENGTH_BEHIND):
        return None
    match = _UNUSUAL_MAC.match
    return (match(text, end - 2) if end > 1 else None) or (match(text, end - 1) if end else None)


def _is_unusual_mac(searched: Searched, match: re.Match[str]) -> bool:
    if match["spaced"]:
        return _are_bytes_of_address(searched, match)
    return bool(_HEXADECIMAL_LETTER.search(match[0]) and _DECIMAL.search(match[0]))


def _find_named(searched: Searched) -> Iterator[Span]:
    words = list(_MAC_WORD.finditer(searched))
    for word in words:
        window = max(0, word.start() - _BEFORE_WINDOW), word.start()
        before = _BEFORE_NAME.search(searched.lower, *window)
        if before and _is_mixed(before["address"]):
            yield before.span("address")
    for match in _NAMED_MAC.finditer(searched) if words else ():
        span = match.span("address")
        is_near = Between(searched, match, span[0]).is_direct
        if is_near or not match["address"].isdigit():
            yield span
    for match in _OF_NETWORK.finditer(searched):
        start, end = match.span("address")
        if _is_mixed(searched.text[start:end]) and not is_named(searched, start, _OTHER_NAMES):
            yield start, end


def _find_list_behind(searched: Searched, end: int) -> Iterator[Span]:
    """Find the addresses of a list behind one, which have no signs between their digits."""
    following = _NEXT_IN_LIST.match(searched.text, end)
    while following and _is_mixed(following["address"]):
        yield following.span("address")
        following = _NEXT_IN_LIST.match(searched.text, following.end())


def _is_mixed(digits: str) -> bool:
    """Return whether digits may be the address of one device: with letters, in one case."""
    return (
        digits[1] in _UNICAST
        and (digits.islower() or digits.isupper())
        and bool(_DECIMAL.search(digits))
    )


def _are_bytes_of_address(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether six bytes are an address: by a word before them, or their letters."""
    groups = _GROUP.findall(match[0])
    with_letters = sum(bool(_HEXADECIMAL_LETTER.search(group)) for group in groups)
    before = context_before(searched.lower, match.start(), _NEAR)
    if with_letters and _NEAR_NAME.search(before):
        return True
    return (
        with_letters > 1
        and groups[0][1] in _UNICAST
        and bool(_DECIMAL.search("".join(groups)))
        and not (_OTHER_BYTES.search(before) or _NUMBERED.fullmatch(match[0]))
    )


def _is_hexadecimal(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether digits have letters; "A123-4567-8901" and "dead-beef-cafe" may be anything."""
    letters = len(_HEXADECIMAL_LETTER.findall(match[0]))
    if match["joint"] != "-":
        return letters > 0
    return (
        letters > 1
        and bool(_DECIMAL.search(match[0]))
        and not is_named(searched, match.start(), _CODE_NAMES)
    )
