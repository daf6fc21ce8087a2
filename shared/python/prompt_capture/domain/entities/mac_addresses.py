"""MAC addresses: pairs of digits with colons or hyphens, or what is named as one."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import REFERENCES, is_named
from prompt_capture.domain.entities.reach import Between
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NUMBER_FOLLOWS,
    LazyPattern,
    NamePattern,
    Searched,
    any_field_of,
    name_set,
    names,
)
from prompt_capture.domain.searchable_text import Span

_PAIR = "[0-9A-Fa-f]{2}"
_QUAD = "[0-9A-Fa-f]{4}"
_MAC = LazyPattern(
    rf"""[0-9A-Fa-f](?<![A-Za-z0-9\x7f].)(?:[0-9A-Fa-f](?:
            (?P<separator>[:-])(?<![0-9A-Fa-f]{{2}}[:-]{_PAIR}.)
                (?:{_PAIR}(?P=separator)){{4}}{_PAIR}(?:(?P=separator){_PAIR}){{0,2}}
                (?!(?P=separator)?[A-Za-z0-9\x7f])
            |(?:\.{_PAIR}){{5}}(?!\.?[A-Za-z0-9\x7f]))
        |[0-9A-Fa-f]{{3}}(?P<joint>[.-])(?<![.-]{_QUAD}.){_QUAD}(?P=joint){_QUAD}
            (?![.-]?[A-Za-z0-9\x7f]))""",
    re.VERBOSE,
)
_MAY_BE_MAC = re.compile(
    rf"[:.-](?=[0-9A-Fa-f:.-]{{8}})(?:{_PAIR}(?:[:.-]{_PAIR}){{4}}|{_QUAD}[.-]{_QUAD})"
)
_MAC_NAMES = names(
    "mac bssid hwaddr", "mac address", "mac addr", "hw address", "hw addr",
    "hardware address", "bluetooth address",
)  # fmt: skip
_NAMED_MAC = NamePattern(
    _MAC_NAMES,
    rf"""{any_field_of(_MAC_NAMES)}(?:[ -]?add?r(?:esse)?)?{NUMBER_FOLLOWS}
        (?P<address>[0-9a-f]{{2}}(?:[ :.-]?[0-9a-f]{{2}}){{5}}){NOT_BEFORE_WORD}""",
)
# Words before codes of three groups
_CODE_NAMES = REFERENCES | name_set(
    "code codes coupon voucher gutschein gutscheincode license licence key invite promo gift"
)
_HEXADECIMAL_LETTER = re.compile("[A-Fa-f]")
_DIGIT = re.compile("[0-9]")


def find_mac_addresses(searched: Searched) -> Iterator[Span]:
    """Find MAC addresses: pairs of digits with colons or hyphens, or what is named as one."""
    may_have_one = _MAY_BE_MAC.search(searched.text)
    for match in _MAC.compiled.finditer(searched.text) if may_have_one else ():
        # 10-20-30-40-50-60 and 1234.5678.9012 may be anything.
        is_likely = match["separator"] == ":" or match[0].startswith("00-")
        if is_likely or _is_hexadecimal(searched, match):
            yield match.span()
    for match in _NAMED_MAC.finditer(searched):
        span = match.span("address")
        is_near = Between(searched, match, span[0]).is_direct
        if is_near or not match["address"].isdigit():
            yield span


def _is_hexadecimal(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether digits have letters; "A123-4567-8901" and "dead-beef-cafe" may be anything."""
    letters = len(_HEXADECIMAL_LETTER.findall(match[0]))
    if match["joint"] != "-":
        return letters > 0
    return (
        letters > 1
        and bool(_DIGIT.search(match[0]))
        and not is_named(searched, match.start(), _CODE_NAMES)
    )
