"""Passwords in commands and headers: `curl -u ann:hunter2`, `Authorization: Basic YTpi`."""

import re
from collections.abc import Iterator
from itertools import islice

from prompt_capture.domain.entities.searched import (
    NamePattern,
    Searched,
    context_before,
    names,
)
from prompt_capture.domain.entities.secrets.logins import is_credential, looks_like_password
from prompt_capture.domain.entities.secrets.values import MASK_OR_NOTE, PUNCTUATION
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

# By how the option writes the password: -u name:password, -ppassword, -p password.
_PAIR = names("curl wget http https httpie")
_ATTACHED = names("mysql mysqldump mysqladmin mariadb mariadb-dump rar unrar")
_SEPARATE = names(
    "sshpass redis-cli mongo mongosh mongodump ldapsearch ldapwhoami ldapadd ldapmodify ldapdelete",
    "docker login",
    "az login",
)

# By an option of their own, or in capitals only: zip -P password.
_SMB = names("smbclient rpcclient smbget winexe")
_KEYS = names("keytool jarsigner")
_ZIP = names("zip unzip")

# The options before that of the password. A pipe or a semicolon ends a command.
_OPTIONS = r"(?:\ [^ |;&\x7f]{1,60}){0,8}?"
_OPTION_VALUE = r"""\\?["']?(?P<value>(?:[^ "'|;&\x7f\\]|\\(?!["'])){1,100})"""
_OPTION = NamePattern(
    (*_PAIR, *_ATTACHED, *_SEPARATE, *_SMB, *_KEYS, *_ZIP, "openssl"),
    rf"""(?:{any_of(_PAIR)}{_OPTIONS}
            \ (?:-u\ ?|--(?:proxy-)?user[ =]|-a\ |--auth[ =])\\?["']?[^ :"'\x7f]{{1,64}}:
        |{any_of(_ATTACHED)}{_OPTIONS}\ -(?P<attached>p)
        |{any_of(_SEPARATE)}{_OPTIONS}\ -[paw][ =]
        |{any_of(_SMB)}{_OPTIONS}\ (?:-u\ ?|--user[ =])["']?[^ %"'\x7f]{{1,64}}%
        |{any_of(_KEYS)}{_OPTIONS}\ -(?:store|key)pass[ ]
        |{any_of(_ZIP)}(?:\ -[a-z0-9]{{1,6}}){{0,4}}?\ -(?P<capital>p)\ ?
        |openssl{_OPTIONS}\ (?:-k[ ]|-pass(?:in|out)?\ pass:)
        ){_OPTION_VALUE}""",
)
# The name of a command that begins with a digit
_SEVEN_ZIP = lazy_pattern(
    rf"(?<![\w.-])7z[arz]?{_OPTIONS}\ -(?P<attached>p){_OPTION_VALUE}", re.VERBOSE
)
_HEADER = NamePattern(
    ("authorization",),
    r"""authorization["']?\ ?[:=]\ ?["']?(?:basic|bearer|token)\ (?P<value>[a-z0-9+/=._~-]{4,})""",
)
_IDENTIFIED = NamePattern(
    ("identified", "convertto"),
    r"""(?:identified\ by|convertto-securestring)\ ["'](?P<value>[^"'\x7f]{1,100})["']""",
)
# echo hunter2 | sudo -S, echo ann:hunter2 | chpasswd
_PIPED = NamePattern(
    ("echo", "printf"),
    r"""(?:echo|printf)(?:\ -[a-z]{1,3})?(?:\ ["']%s(?:\\n)?["'])?
        \ (?:(?P<quote>["'])(?P<quoted>[^"'\x7f]{1,100})(?P=quote)|(?P<bare>[^ "'|;&$\x7f]{1,100}))
        \ ?\|\ ?(?:(?:sudo\ )?chpasswd|(?:sudo\ )?passwd\ --stdin
            |sudo\ (?P<options>(?:-[^ ]{1,20}\ ?){1,4})
            |[^|;&\x7f]{1,80}\ --password-stdin)""",
)
_NET_USER = NamePattern(
    ("net",),
    r"""net\ use(?:r\ (?:/[a-z]+\ )?[^ /\x7f]{1,64}|(?:\ [a-z*]:?)?\ \\[^ \x7f]{1,100})
        \ (?P<value>[^ /*\x7f][^ \x7f]{0,100})(?P<flag>\ /[a-z])?""",
)
# What routers and switches are configured with, and what asks them
_SNMP = names("snmpwalk snmpget snmpset snmpbulkwalk snmpbulkget snmpgetnext snmptable snmptrap")
_DEVICE = NamePattern(
    (
        *_SNMP,
        *names(
            "snmp-server snmp enable tacacs-server radius-server username chpasswd crypto",
            "htpasswd",
            "lftp",
        ),
    ),
    rf"""(?:snmp-server\ community|enable\ (?:secret|password)|(?:tacacs|radius)-server\ key
            |username\ [^ ,:\x7f]{{1,32}}(?:\ privilege\ [0-9]{{1,2}})?\ (?:password|secret)
            |crypto\ isakmp\ key|htpasswd\ -[a-z]{{1,4}}\ [^ \x7f]{{1,60}}\ [^ \x7f]{{1,32}}
            |lftp\ -u\ [^ ,\x7f]{{1,32}},
            |chpasswd\ ?<<<?\ ?["']?[^ :"'\x7f]{{1,32}}:|{any_of(_SNMP)}{_OPTIONS}\ -c)
        (?:\ [0-9](?=\ ))?\ ?["']?(?P<value>[^ "'\x7f]{{4,64}})["']?
        (?P<rights>\ r[ow](?![a-z]))?""",
)
# "-u ann -p hunter22", and of an archive "-phunter22"
_SHORT_OPTION = lazy_pattern(
    r" [-/][pP](?:[:]|[wW]? ['\"]?|(?=[A-Za-z]))(?P<value>[^ '\"\x7f]{6,64})"
)
_CAPITAL_WITHIN = lazy_pattern("[a-z][A-Z]")
_USER_OPTION = lazy_pattern(
    r" (?:/u:|-[uUlL]|--?user(?:name)?|--login|-D)[ =]?[^|;&\x7f]{1,80}\Z"
    r"|\.(?:7z|rar|zip)[^|;&\x7f]{0,40}\Z"
)
# What a QR code of a network contains.
_NETWORK = NamePattern(
    ("wifi",), r"wifi:(?:(?!p:)[a-z]:[^;\x7f]{0,64};){0,4}p:(?P<value>[^;\x7f]{1,64});"
)
_CHECKS, _WINDOW = 40, 120


def find_command_passwords(searched: Searched) -> Iterator[Span]:
    """Find the passwords in options of well-known commands, in SQL and in headers."""
    for pattern in (_HEADER, _IDENTIFIED, _NETWORK):
        for match in pattern.finditer(searched):
            yield match.span("value")
    yield from _find_arguments(searched)
    yield from _find_piped_passwords(searched)
    if " -" in searched.text or " /" in searched.text:
        yield from _find_options(searched)


def _find_arguments(searched: Searched) -> Iterator[Span]:
    """Find the passwords that stand among the arguments of a command without an option."""
    for pattern, proof in ((_NET_USER, "flag"), (_DEVICE, "rights")):
        for match in pattern.finditer(searched):
            start, value = match.start("value"), match["value"].rstrip(PUNCTUATION)
            if match[proof] or looks_like_password(value) or is_credential(value):
                yield start, start + len(value)


def _find_options(searched: Searched) -> Iterator[Span]:
    for match in islice(_OPTION.finditer(searched), _CHECKS):
        option = match.start("attached")
        is_port = option >= 0 and searched.text[option] == "P"
        capital = match.start("capital")
        is_pipe = capital >= 0 and searched.text[capital] == "p"
        if not (is_port or is_pipe) and _may_be_value(match["value"]):
            yield match.span("value")
    if "7z" in searched.lower:
        for match in islice(_SEVEN_ZIP.finditer(searched.lower), _CHECKS):
            if _may_be_value(match["value"]):
                yield match.span("value")
    for match in islice(_SHORT_OPTION.finditer(searched.text), _CHECKS):
        before = context_before(searched.text, match.start(), _WINDOW)
        value = match["value"]
        is_mixed = _CAPITAL_WITHIN.search(value) and looks_like_password(value)
        if (is_mixed or is_credential(value)) and _USER_OPTION.search(before):
            yield match.span("value")


def _may_be_value(value: str) -> bool:
    """Return whether the value of an option is no other option, variable or mask."""
    return not (value.startswith(("-", "$", "<")) or MASK_OR_NOTE.fullmatch(value))


def _find_piped_passwords(searched: Searched) -> Iterator[Span]:
    """Find the passwords that a command reads from another one."""
    for match in _PIPED.finditer(searched):
        options = searched.text[slice(*match.span("options"))] if match["options"] else "S"
        start, end = match.span("quoted" if match["quote"] else "bare")
        if "S" in options and not searched.text.startswith("$", start):
            colon = searched.text.find(":", start, end) if "chpasswd" in match[0] else -1
            yield (colon + 1 if colon >= 0 else start), end
