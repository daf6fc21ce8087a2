"""IP addresses, versions 4 and 6."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from prompt_capture.domain.entities.candidates import is_named
from prompt_capture.domain.entities.searched import Searched, name_set
from prompt_capture.domain.searchable_text import Span

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
