"""IP addresses, versions 4 and 6."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from prompt_capture.domain.entities.candidates import is_named
from prompt_capture.domain.entities.searched import Searched, context_before, name_set
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

_DOT = r"(?:\.|\[\.\]|\(\.\))"
# Operators of versions are "^", ">=" and the like, "~>", and in quotes "~", which in sentences is a
# mark of markup or stands for a home directory or "about".
_IPV4 = lazy_pattern(
    r"[0-9](?<![A-Za-z0-9\x7f.^].)(?<![<>=!~]=.)(?<![<>~]= .)(?<![\"'`]~.)(?<!~>.)(?<!~> .)"
    rf"[0-9]{{0,2}}(?:{_DOT}[0-9]{{1,3}}){{3}}"
    r"(?!-(?i:rc[.-]?[0-9]|alpha|beta|snapshot)[0-9.-]*(?![A-Za-z]))"
    r"(?![A-Za-z0-9\x7f]|\.[0-9]|\.(?:tar|tgz|gz|zip|whl|jar|deb|rpm|exe|msi|dmg|apk|pkg|dll)\b)"
)
_OCTET = lazy_pattern(r"[0-9]+")
# "203.0.113.5.51514 > 198.51.100.3.443:", as tcpdump and netstat write addresses and ports. Between
# two digits, the sign is a space in the searched form.
_FIVE_NUMBERS = lazy_pattern(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_FIRST_NUMBER = lazy_pattern(r"[0-9]+\Z")
_FOUR_NUMBERS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_IPV4_AND_PORT = lazy_pattern(
    rf"(?P<address>[0-9](?<![A-Za-z0-9\x7f.-].)[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}})\.(?P<port>[0-9]{{1,5}})"
    r"(?![A-Za-z0-9\x7f]|\.[0-9])(?P<behind>:(?= |\Z)"
    r"|(?: >)? (?=[^ ]{1,80}\.[A-Za-z0-9-]{1,15}:(?: |\Z))"
    rf"|(?<=[0-9]{{4}})(?: >)? (?={_FOUR_NUMBERS}\.[0-9]{{1,5}}(?![0-9.])))?"
)
_SENDER = lazy_pattern(
    r"[a-z0-9\x7f]\.(?:[0-9]{2,5}|https?|domain|ssh|ftp|smtp|imaps?|ntp|snmp|mdns|bootp[cs])"
    r"(?: >)? \Z"
)
_LONG_PORT_BEFORE = lazy_pattern(r"\.[0-9]{4,5}(?: >)? \Z")
_BETWEEN_SIDES = (" ", " > ")
_PROTOCOL = lazy_pattern(r"(?<![a-z0-9])(?:tcp|udp)[46]?(?![a-z0-9])[^\x7f]*\Z")
_TRAFFIC_WINDOW = 48
# "203 . 0 . 113 . 5", "203 dot 0 dot 113 dot 5"
_SPELLED_DOT = r" (?:\.|dot|punkt|punto|ponto|point|kropka|piste) "
_MAY_BE_SPELLED = lazy_pattern(rf"{_SPELLED_DOT}[0-9]{{1,3}}{_SPELLED_DOT}[0-9]")
_SPELLED_IPV4 = lazy_pattern(
    rf"[0-9](?<![A-Za-z0-9\x7f].)(?<!\. .)[0-9]{{0,2}}(?P<dot>{_SPELLED_DOT})[0-9]{{1,3}}"
    r"(?:(?P=dot)[0-9]{1,3}){2}(?![A-Za-z0-9\x7f]|(?P=dot)[0-9])"
)
_MIN_DIGITS = 5
_BEFORE_IPV4 = lazy_pattern(
    r"""(?<![a-z0-9\x7f])(?:
        (?:ip|ips|ipv4|ip-?ad+res+e?|ip-?addr|address|addr|adres+e?|host|server|gateway|router|dns
            |subnet|direccion|indirizzo|endereco|адрес)(?![a-z0-9])[^0-9\x7f]{0,60}
        |(?:from|von|de|da|depuis|desde|ping|ssh|telnet
            |(?:connect|connection|connected|log[ ]?in)[ ]to)[ ])\Z""",
    re.VERBOSE,
)
_SPELLED_WINDOW = 84
# The same in millions of networks: the machine itself, net masks, private networks as a whole, the
# usual addresses of routers and of cloud metadata, and public name servers. They identify nobody.
_COMMON_IPV4 = frozenset({
    "10.0.0.0", "10.0.0.1", "172.16.0.0", "172.17.0.1", "192.168.0.0", "192.168.0.1",
    "192.168.1.0", "192.168.1.1", "169.254.169.254", "1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8",
    "9.9.9.9",
})  # fmt: skip
_COMMON_BEGINNINGS = ("0.", "127.", "255.")
_IPV6 = lazy_pattern(
    r"[0-9A-Fa-f:](?<![A-Za-z0-9\x7f].)(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,44}+"
    r"(?:%[A-Za-z0-9]{1,15})?(?![A-Za-z0-9\x7f:])"
)
_LONGEST_PORT = 5
_GROUPS = 8
_SINGLE_COLONS = lazy_pattern(r"\A:(?!:)|(?<!:):\Z")
_IPV6_CHECKS = 100
_VERSION_NAMES = name_set(
    """tag task subtask wbs punkt bios teams anyconnect
    version versions v ver release firmware build driver update updated updating upgrade upgraded
    upgrading downgrade downgraded downgrading patch chapter
    exercise exercises aufgabe aufgaben exercice ejercicio ejercicios esercizio exercício opgave bản
    section sections sec kapitel abschnitt paragraph clause oid step point item figure fig table
    rule article chrome chromium firefox safari edge python node java jdk ios android windows macos
    kernel linux sdk app software plugin package library assembly nuget os
    edg edga edgios opr opera crios fxios yabrowser vivaldi samsungbrowser headlesschrome electron
    версия версии версию バージョン 버전 版本 wersja versie verze sürüm verzió versione versión
    versão changelog прошивка прошивке прошивки прошивку 固件 ファーム ファームウェア 펌웨어
    brave whale ucbrowser micromessenger gsa instagram okhttp dalvik"""
)

# "from release 5.15.0.91 to 6.8.0.31", "upgrade from 5.15.0.91 to 6.8.0.31"
_TO = lazy_pattern(
    r"(?:,? ?(?:->|=>|→|-|/|,) ?"
    r"| (?:to|and|or|through|until|vs\.?|versus|bis|auf|nach|und|oder|a|vers) )"
)
_RANGE_BEFORE = lazy_pattern(
    r"[0-9](?:(?<![A-Za-z0-9\x7f.].)|(?<=[ (]v.))[0-9]{0,3}(?:\.[0-9]{1,5}){1,3}"
    rf"{_TO.pattern}\Z"
)
_RANGE_BEHIND = lazy_pattern(rf"{_TO.pattern}[0-9]{{1,4}}\.[0-9]")
_FROM = lazy_pattern(r" (?:from|von|de|depuis|desde) \Z")
_RANGE_WINDOW = 40
# "nmap -sV 198.51.100.23"
_OPTION = lazy_pattern(r"(?<= )-[a-z]{1,4} \Z")
_OPTION_WINDOW = 8
# "usb 1-1.4.3.2", "1.2.3.4 is the current version"
_PORT = lazy_pattern(r"usb [0-9]{1,2}-\Z")
_PORT_WINDOW = 7
_IS_VERSION = lazy_pattern(
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
            if not _identifies(match[0]):
                continue
            if _is_version(searched, match, version_end):
                version_end = match.end()
            else:
                yield match.span()
        yield from _find_with_ports(searched)
    if searched.digit_count >= _MIN_DIGITS and _MAY_BE_SPELLED.search(searched.lower):
        yield from _find_spelled(searched)
    if "::" in searched.text or searched.text.count(":") >= 7:
        yield from _find_ipv6_addresses(searched)


def _find_with_ports(searched: Searched) -> Iterator[Span]:
    """Find the addresses before a dot and a port, where the other side or a protocol shows them."""
    version_end = 0
    for numbers in _FIVE_NUMBERS.finditer(searched.text):
        first = _FIRST_NUMBER.search(searched.text, max(0, numbers.start() - 3), numbers.start())
        start = first.start() if first else numbers.start()
        match = _IPV4_AND_PORT.match(searched.text, start)
        if not match:
            continue
        is_next = bool(version_end) and match.string[version_end:start] in _BETWEEN_SIDES
        if is_next or is_named(searched, start, _VERSION_NAMES):
            version_end = match.end("port")
        elif _identifies(match["address"]) and _has_port(searched, match):
            yield match.span("address")


def _has_port(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether the fifth of some numbers is a port."""
    if match["behind"] not in {None, ":"}:
        return True
    before = searched.lower[max(0, match.start() - _TRAFFIC_WINDOW) : match.start()]
    sender = _SENDER if match["behind"] else _LONG_PORT_BEFORE
    return bool(sender.search(before) or (len(match["port"]) > 1 and _PROTOCOL.search(before)))


def _find_spelled(searched: Searched) -> Iterator[Span]:
    """Find addresses whose dots are words or have spaces around them, behind a word for one."""
    for match in _SPELLED_IPV4.finditer(searched.lower):
        before = context_before(searched.lower, match.start(), _SPELLED_WINDOW)
        numbers = ".".join(_OCTET.findall(match[0]))
        if _identifies(numbers) and _BEFORE_IPV4.search(before):
            yield match.span()


def _identifies(address: str) -> bool:
    """Return whether four numbers are an address, and not one that is the same everywhere."""
    is_common = address in _COMMON_IPV4 or address.startswith(_COMMON_BEGINNINGS)
    return not is_common and _has_octets(address)


def _has_octets(address: str) -> bool:
    """Return whether each number is at most 255 and has no leading zero."""
    octets = _OCTET.findall(address)
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
    if shorter and (
        lower[shorter.start() - 1 : shorter.start()] == "v"
        or is_named(searched, shorter.start(), _VERSION_NAMES)
    ):
        return True
    begin = shorter.start() if shorter else start
    word = _FROM.search(lower, max(0, begin - _RANGE_WINDOW), begin)
    is_range = word and (shorter or _RANGE_BEHIND.match(lower, match.end()))
    return bool(word and is_range and is_named(searched, word.start(), _VERSION_NAMES))


def _find_ipv6_addresses(searched: Searched) -> Iterator[Span]:
    for match in _IPV6.finditer(searched.text):
        address = _without_port(_SINGLE_COLONS.sub("", match[0].rstrip(".")))
        if address.count(":") > 1 and searched.passes(_is_ipv6, address, _IPV6_CHECKS):
            start = match.start() + match[0].index(address)
            yield start, start + len(address)


def _without_port(address: str) -> str:
    """Return an address without the port that a colon joins to its eight groups."""
    groups, _, port = address.rpartition(":")
    is_port = port.isdecimal() and len(port) <= _LONGEST_PORT and groups.count(":") == _GROUPS - 1
    return groups if is_port and "::" not in groups else address


def _is_ipv6(address: str) -> bool:
    groups = [group for group in address.partition("%")[0].split(":") if group]
    if len(groups) < 2 or max(map(len, groups)) < 3 or not any(map(str.isdigit, address)):
        return False  # "a::b" is a name in a program, and 1:2:3:4:5:6:7:8 a ratio
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True
