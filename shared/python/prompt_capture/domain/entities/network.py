"""Addresses on the internet: URLs that give access, IP addresses and MAC addresses."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

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
from prompt_capture.domain.entities.secrets.tokens import is_random, is_short_token
from prompt_capture.domain.searchable_text import Span

# A URL ends before other scripts: their words follow without a space.
_URL_SIGN = re.compile(r"://|www\.")
_SCHEME = re.compile(r"(?<![a-z0-9\x7f])[a-z][a-z0-9+.-]{1,15}\Z")
_ADDRESS = re.compile(r"[!#-&(-;=?-~]+")
_MARKS = frozenset("*_~")
"""The marks of Markdown, which may enclose a URL."""
_USER_AND_PASSWORD = re.compile(r"[^/?#@:]{0,100}+:[^/?#@]{1,200}+@")
# The URLs of databases and queues, whose passwords people do not escape.
_CONNECTION = re.compile(r"[^/?#@:]{0,100}+:(?![0-9]{1,5}[/?#])[^@]{1,200}+@")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_PARAMETER = re.compile(r"[?&#;](?P<name>[\w.-]{1,60})=(?=(?P<value>[^&#]{4,40}))", re.ASCII)
_SECRET_NAME = LazyPattern(
    r"""[\w.-]{0,40}(?:token|key|sig|signature|code|auth|jwt|otp|pass|password|pwd|secret|session
        |session_?id|sid|ticket|invite|credential|hash|nonce|assertion|magic|hmac)|pin|h|k|t""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_PUBLIC_NAME = LazyPattern(
    r"""(?:\w*[_.-])?(?:(?:zip|post|postal|country|lang|language|locale|error|err|status|response|exit
            |http|currency|area|region|state|city|dial|phone|promo|promotion|coupon|discount|product
            |item|bar|qr|color|colour|airport|class|course|category|store|station|source)[_.-]?code
        |(?:sort|search|order|group|primary|foreign|partition|hot|filter|column|row|field|tab|menu
            )[_.-]?key
        |bypass|compass)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_PUBLIC_VALUE = re.compile(r"true|false|null|none|undefined", re.IGNORECASE)
_TIME_IN_VIDEO = re.compile(r"(?:[0-9]+[hms]?)+")
_TOKEN_IN_URL = re.compile(r"[=/](?:eyJ|sk[-_]|sb_secret_)")
_PATH = re.compile(r"/.*", re.DOTALL)
_PATH_PIECE = re.compile(r"[/:;,+!]([\w-]{13,}+)", re.ASCII)
_PLAIN_TOKEN = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")
_PUBLIC_PATH = re.compile(r"(?:/(?:commits?|tree|blob|compare|raw)/|sha(?:1|256|384|512):)\Z")
_PUBLIC_PATH_SIZE = 10

_DOT = r"(?:\.|\[\.\]|\(\.\))"
# Operators of versions are "^", ">=" and the like, "~>", and in quotes "~", which in sentences is a
# mark of markup or stands for a home directory or "about".
_IPV4 = re.compile(
    r"[0-9](?<![A-Za-z0-9\x7f.^].)(?<![<>=!~]=.)(?<![<>~]= .)(?<![\"'`]~.)(?<!~>.)(?<!~> .)"
    rf"[0-9]{{0,2}}(?:{_DOT}[0-9]{{1,3}}){{3}}"
    r"(?!-(?i:rc[.-]?[0-9]|alpha|beta|snapshot)[0-9.-]*(?![A-Za-z]))"
    r"(?![A-Za-z0-9\x7f]|\.[0-9]|\.(?:tar|tgz|gz|zip|whl|jar|deb|rpm|exe|msi|dmg|apk|pkg|dll)\b)"
)
_OCTET = re.compile(r"[0-9]+")
# The same in millions of networks: the machine itself, net masks, private networks as a whole, the
# usual addresses of routers and of cloud metadata, and public name servers. They identify nobody.
_COMMON_IPV4 = frozenset({
    "10.0.0.0", "10.0.0.1", "172.16.0.0", "172.17.0.1", "192.168.0.0", "192.168.0.1",
    "192.168.1.0", "192.168.1.1", "169.254.169.254", "1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8",
    "9.9.9.9",
})  # fmt: skip
_COMMON_BEGINNINGS = ("0.", "127.", "255.")
_IPV6 = re.compile(
    r"[0-9A-Fa-f:](?<![A-Za-z0-9\x7f].)(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,44}+"
    r"(?:%[A-Za-z0-9]{1,15})?(?![A-Za-z0-9\x7f:])"
)
_SINGLE_COLONS = re.compile(r"\A:(?!:)|(?<!:):\Z")
_IPV6_CHECKS = 100
_VERSION_NAMES = name_set(
    """tag task subtask wbs punkt bios teams anyconnect
    version versions v ver release firmware build driver update upgrade upgraded patch chapter
    section sections sec kapitel abschnitt paragraph clause oid step point item figure fig table
    rule article chrome chromium firefox safari edge python node java jdk ios android windows macos
    kernel linux sdk app software plugin package library assembly nuget os
    edg edga edgios opr opera crios fxios yabrowser vivaldi samsungbrowser headlesschrome electron
    версия версии версию バージョン 버전 版本 wersja versie verze sürüm verzió versione versión
    versão changelog прошивка прошивке прошивки прошивку 固件 ファーム ファームウェア 펌웨어
    brave whale ucbrowser micromessenger gsa instagram okhttp dalvik"""
)

# "from release 5.15.0.91 to 6.8.0.31", "upgrade from 5.15.0.91 to 6.8.0.31"
_TO = re.compile(
    r"(?:,? ?(?:->|=>|→|-|/|,) ?"
    r"| (?:to|and|or|through|until|vs\.?|versus|bis|auf|nach|und|oder|a|vers) )"
)
_RANGE_BEFORE = re.compile(
    rf"[0-9](?<![A-Za-z0-9\x7f.].)[0-9]{{0,3}}(?:\.[0-9]{{1,5}}){{1,3}}{_TO.pattern}\Z"
)
_RANGE_BEHIND = re.compile(rf"{_TO.pattern}[0-9]{{1,4}}\.[0-9]")
_FROM = re.compile(r" (?:from|von|de|depuis|desde) \Z")
_RANGE_WINDOW = 40
# "nmap -sV 198.51.100.23"
_OPTION = re.compile(r"(?<= )-[a-z]{1,4} \Z")
_OPTION_WINDOW = 8
# "usb 1-1.4.3.2", "1.2.3.4 is the current version"
_PORT = re.compile(r"usb [0-9]{1,2}-\Z")
_PORT_WINDOW = 7
_IS_VERSION = re.compile(
    r" (?:is|was|ist|war) (?:(?:the|a|our|die|eine|unsere) )?(?:[a-z]{1,12} )?"
    r"(?:version|release|build)(?=\Z|[.,;:!?)]| (?:of|for|that|which|we|in|and|von|und|in)\b)"
)

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


def find_secret_urls(searched: Searched) -> Iterator[Span]:
    """Find URLs that contain a password, a token or an unguessable path."""
    position = 0
    for sign in _URL_SIGN.finditer(searched.lower):
        if sign.start() < position:
            continue
        start = _url_start(searched.lower, sign)
        address = None if start is None else _ADDRESS.match(searched.text, sign.end())
        if start is not None and address:
            position = address.end()
            body = address[0].rstrip(".,;:!?)]}|`")
            if searched.text[start - 1 : start] in _MARKS:
                body = body.rstrip("".join(_MARKS))
            if _gives_access(searched.lower[start : sign.start()], body):
                yield start, address.start() + len(body)


def find_ip_addresses(searched: Searched) -> Iterator[Span]:
    """Find IP addresses, versions 4 and 6, but no common ones.

    Numbers that the words before name a version are none.
    """
    if searched.text.count(".") >= 3:
        version_end = -_RANGE_WINDOW
        for match in _IPV4.finditer(searched.text):
            is_common = match[0] in _COMMON_IPV4 or match[0].startswith(_COMMON_BEGINNINGS)
            if is_common or not _has_octets(match):
                continue
            if _is_version(searched, match, version_end):
                version_end = match.end()
            else:
                yield match.span()
    if "::" in searched.text or searched.text.count(":") >= 7:
        yield from _find_ipv6_addresses(searched)


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


def _url_start(lower: str, sign: re.Match[str]) -> int | None:
    if sign[0] == "://":
        before = lower[max(0, sign.start() - 17) : sign.start()]
        scheme = _SCHEME.search(before)
        return sign.start() - len(scheme[0]) if scheme else None
    before = lower[sign.start() - 1 : sign.start()]
    return None if before.isascii() and before.isalnum() else sign.start()


def _gives_access(scheme: str, address: str) -> bool:
    login = _USER_AND_PASSWORD if not scheme or scheme in _WEB_SCHEMES else _CONNECTION
    decoded = unquote(address)
    if login.match(address) or _has_secret_parameter(address):
        return True
    if decoded != address and _has_secret_parameter(decoded):
        return True  # of a URL in the URL
    path = _PATH.search(decoded)
    return path is not None and any(
        (_is_token(piece[1]) or _PLAIN_TOKEN.fullmatch(piece[1]))
        and not _PUBLIC_PATH.search(path[0][: piece.start() + 1][-_PUBLIC_PATH_SIZE:])
        for piece in _PATH_PIECE.finditer(path[0])
    )


def _is_token(text: str) -> bool:
    return is_random(text) or is_short_token(text)


def _has_secret_parameter(address: str) -> bool:
    return bool(_TOKEN_IN_URL.search(address)) or any(
        (_SECRET_NAME.compiled.fullmatch(parameter["name"]) or _is_token(parameter["value"]))
        and not _PUBLIC_NAME.compiled.fullmatch(parameter["name"])
        and not _PUBLIC_VALUE.fullmatch(parameter["value"])
        and not (parameter["name"] == "t" and _TIME_IN_VIDEO.fullmatch(parameter["value"]))
        for parameter in _PARAMETER.finditer(address)
    )


def _has_octets(match: re.Match[str]) -> bool:
    """Return whether each number is at most 255 and has no leading zero."""
    octets = _OCTET.findall(match[0])
    return all(len(each) == 1 or (each[0] != "0" and int(each) < 256) for each in octets)


def _is_version(searched: Searched, match: re.Match[str], previous: int) -> bool:
    """Return whether words name a number as a version, or as the end of a range of versions.

    Before it, the last version of four numbers ends at `previous`.
    """
    lower, start = searched.lower, match.start()
    if lower[max(0, start - 2) : start].strip(" ") == "§":
        return True
    if _OPTION.search(lower, max(0, start - _OPTION_WINDOW), start):
        return False
    if _PORT.search(lower, max(0, start - _PORT_WINDOW), start) or _IS_VERSION.match(
        lower, match.end()
    ):
        return True
    is_next = start - previous <= _RANGE_WINDOW and _TO.fullmatch(lower, previous, start)
    if is_next or is_named(searched, start, _VERSION_NAMES):
        return True
    shorter = _RANGE_BEFORE.search(lower, max(0, start - _RANGE_WINDOW), start)
    if shorter and is_named(searched, shorter.start(), _VERSION_NAMES):
        return True
    begin = shorter.start() if shorter else start
    word = _FROM.search(lower, max(0, begin - _RANGE_WINDOW), begin)
    is_range = word and (shorter or _RANGE_BEHIND.match(lower, match.end()))
    return bool(word and is_range and is_named(searched, word.start(), _VERSION_NAMES))


def _find_ipv6_addresses(searched: Searched) -> Iterator[Span]:
    for match in _IPV6.finditer(searched.text):
        address = _SINGLE_COLONS.sub("", match[0].rstrip("."))
        if address.count(":") > 1 and searched.passes(_is_ipv6, address, _IPV6_CHECKS):
            start = match.start() + match[0].index(address)
            yield start, start + len(address)


def _is_ipv6(address: str) -> bool:
    groups = [group for group in address.partition("%")[0].split(":") if group]
    if len(groups) < 2 or max(map(len, groups)) < 3 or not any(map(str.isdigit, address)):
        return False  # "a::b" is a name in a program, and 1:2:3:4:5:6:7:8 a ratio
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True
