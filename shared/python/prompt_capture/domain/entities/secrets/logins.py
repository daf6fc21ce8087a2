"""Passwords behind a user or a network: "login: ann / hunter2", "Wi-Fi: Guest / hunter22"."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from prompt_capture.domain.entities.searched import (
    NAME_END,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.values import ADDRESS, NO_VALUE, PUNCTUATION
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_LOGIN = NamePattern(
    words.LOGIN,
    rf"""{any_of(words.LOGIN)}(?:\ (?:details?|data))?\ ?(?:is|are|ist|sind|:|=)\ ?
        (?P<name>[^ /\x7f:]{{1,64}})\ ?[/:]\ ?(?P<value>[^ /\x7f]{{1,64}})""",
)
# "login ann / hunter2"
_BARE_LOGIN = NamePattern(
    words.LOGIN,
    rf"""{any_of(words.LOGIN)}\ (?P<name>[a-z0-9][^ /\x7f:]{{1,63}})
        \ /\ (?P<value>[^ /\x7f]{{6,64}})""",
)
# Words may stand between the login and its pair: "login for the shop: ann / hunter22".
_DISTANT_LOGIN = NamePattern(
    words.LOGIN,
    rf"""{any_of(words.LOGIN)}{NAME_END}(?:\ [^ :=/|>\x7f]{{1,30}}){{0,6}}?\ ?
        (?:->|[:=]|(?<=\ )(?:is|are|ist|sind|lautet|lauten|est|sont|es|son|with|mit|avec|con|met))
        \ ?
        (?:(?P<name>[^ /\x7f:]{{1,64}})
            (?:\ ?[/:|]\ ?|,?\ (?:-|und|and|et|y|e|i|en|mit|with)\ ))?
        ["'`]?(?P<value>[^ /"'`\x7f]{{6,64}})(?!\ ?/)""",
)
_WITH = lazy_pattern(r" (?:with|mit|avec|con|met) \Z")
_HAS_SIGN = lazy_pattern("[^A-Za-z0-9./]|[a-z][0-9]*[A-Z]")
_SIGN = lazy_pattern("[!#$%^&*?~]")
# The user and the password that a program passes to a call, or assigns
_CALLS = names(
    """auth login basicauth httpbasicauth httpdigestauth authenticate connect credentials
    creds userpass pdo mysqli networkcredential usernamepasswordcredentials
    passwordauthentication signin logon"""
)
_ARGUMENTS = NamePattern(
    _CALLS,
    rf"""{any_of(_CALLS)}\ ?=?\ ?\((?:[^()\x7f]{{0,80}}?,\ ?)?
        (?P<quote>["'])[^"' \x7f]{{1,64}}(?P=quote),\ ?
        (?P<mark>["'])(?P<value>[^"' \x7f]{{6,64}})(?P=mark)""",
)
_ADMIN_PAIR = NamePattern(
    ("admin", "root", "administrator"),
    r"(?:admin|root|administrator)\ ?/\ ?(?P<value>(?=[^ ]{0,64}[a-z])[^ /\"'`\x7f]{6,64})",
)
_USER_AND = rf"{any_of(words.USER)}\ ?(?:/|&|and|und|et|y|\+)\ ?"
_PAIR = NamePattern(
    words.USER,
    rf"""{_USER_AND}{any_of(words.PASSWORD_OF_USER)}{NAME_END}
        \ ?(?:is|are|ist|sind|(?P<assigned>[:=])|-)?\ ?(?P<name>[^ /\x7f:]{{1,64}})
        (?:\ ?[/:|]\ ?|,\ )(?P<value>[^ /\x7f]{{1,64}})""",
)
_BEFORE_PASSWORD = lazy_pattern(rf"(?<![a-z]){_USER_AND}\Z")
_USER_BEFORE_FOUND = lazy_pattern(r"[^ /\x7f:]{1,64}(?: ?[/:|] ?|, )\x7f")
_USER_WINDOW = 24
# Elsewhere a ratio: "p/w = 3.5"
_SHORT_NAME = NamePattern(
    ("p/w",), rf"""p/w{NAME_END}(?:\ is|\ ?[:=-])?\ ?["'`]?(?P<value>[^ /"'`\x7f]{{6,64}})"""
)
_NETWORK_PAIR = NamePattern(
    words.NETWORK_NAMES,
    rf"""{any_of(words.NETWORK_NAMES)}(?:\ (?:name|netz|network))?\ ?(?:is\ |ist\ |[:=-])?\ ?
        [^/|:\x7f]{{1,40}}?\ ?[/|]\ ?["']?(?P<value>[^ /|"'\x7f]{{8,63}})""",
)
_BEHIND_ADDRESS = lazy_pattern(
    r"@[A-Za-z0-9.-]{1,80}\.[A-Za-z]{2,24}(?: [/|] ?|[|:;])"
    r"(?P<value>[^ /|,;:@\x7f]{6,64})(?![^ ,;.!?)])"
)
# What a name and a password, or a password alone, are for: "ann / hunter22 to log in".
_PURPOSES = names(
    "login logon authenticate anmelden anzumelden anmeldung einloggen einzuloggen inloggen entrar",
    "log in", "logs in", "log into", "log on", "sign in", "signs in", "sign into",
    "se connecter", "me connecter", "iniciar sesión", "acceder",
)  # fmt: skip
_PURPOSE = NamePattern(_PURPOSES, rf"{any_of(_PURPOSES)}{NAME_END}")
_TO = name_set("is the to can for zum zur um pour para te sich dich mich")
_USE = name_set("use enter type try nimm nutze benutze utilise usa")
_QUOTES = "\"'`,"
# What follows "log in": "as ann with hunter22", "use ann / hunter22", "use hunter22"
_BEHIND_PURPOSE = lazy_pattern(
    r"""(?:\ (?:with|using|as|mit|als)|,?\ (?:use|nutze)|:)
        \ (?P<name>[a-z0-9][\w.@+-]{1,63})
        \ (?:/|with|and|und|mit)\ ["'`]?(?P<value>[^ /|"'`\x7f]{6,64})
        |,?\ use\ ["'`]?(?P<only>[^ /|"'`\x7f]{6,64})(?!\ [/a-z])""",
    re.VERBOSE | re.IGNORECASE,
)
_PURPOSE_WINDOW, _MAX_PURPOSES = 100, 40
# Letters, and digits or a sign: "hunter22", "Zebra!9", but no "OAuth2" and no "user123". A product
# has a capital, too: "use Keycloak24", "Windows / macOS14".
_CREDENTIAL = lazy_pattern(
    r"""(?![0-9$%{<\\]|.*[/|]|.*[.:][0-9]+\Z
            |(?:office|windows|oauth|saml|port|room|android|iphone|python|user|version)[-_.]?[0-9]+\Z)
        (?=.*[A-Za-z])(?=.*[0-9].*[0-9]|.*[!#$%^&*?~]).{6,64}""",
    re.VERBOSE | re.IGNORECASE,
)
_PRODUCT = lazy_pattern(r"[a-z]{0,3}[A-Z][\w-]*")
_FILE = lazy_pattern(r".*\.[A-Za-z0-9]{1,5}|[0-9.,]+(?:[KMGkmg][Bb]|[KMGkmg]?[Hh]z|[KMGkmg]bit).*")
_PHONE = lazy_pattern(r"\+?[0-9()./-]+")
# What a form asks for: "login: email / password"
_FIELDS = {*words.PASSWORD_OF_USER, *words.USER, *names("name nom nombre nome mot phone telefon")}
_RATIO = lazy_pattern(r"[0-9:/., ]+")
_DIGITS_AND_COLONS = lazy_pattern(r"[\[(/]*[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w\x7f])")
_ASSIGNED = lazy_pattern(r" ?[:=]| [^ ]*[0-9\x7f]")
_SIGNS = f"{PUNCTUATION}|"
"""Signs that are no value alone, such as the bar between two cells."""

_MIN_PASSWORD, _MIN_NETWORK_KEY = 6, 16


def find_logins(searched: Searched) -> Iterator[Span]:
    """Find the passwords of logins, networks and addresses."""
    for find, may_be_password in _KINDS_OF_LOGINS:
        for match in find.finditer(searched):
            start, end = _value_span(match)
            is_password = may_be_password(match, searched.text[start:end])
            if (
                is_password
                and not _is_in_address(searched.text, start)
                and not _is_name_of_password(searched.lower, start, end)
            ):
                yield start, end
    if "(" in searched.text:
        for match in _ARGUMENTS.finditer(searched):
            if is_credential(match["value"]):
                yield match.span("value")
    yield from _find_passwords_behind_addresses(searched)
    yield from _find_passwords_for_purposes(searched)


def _is_name_of_password(lower: str, start: int, end: int) -> bool:
    """Return whether the password follows its name: "login: ann / pw: hunter22"."""
    return lower[start:end] in words.PASSWORD_OF_USER and bool(_ASSIGNED.match(lower, end))


def _is_in_address(text: str, start: int) -> bool:
    """Return whether a value is a part of an IPv6 or a MAC address: "login from 2001:db8::1"."""
    word_start = text.rfind(" ", 0, start) + 1
    return word_start < start and bool(_DIGITS_AND_COLONS.match(text, word_start))


def _is_login(match: re.Match[str], value: str) -> bool:
    names_fields = _FIELDS.issuperset((match["name"], value))
    is_ratio = _RATIO.fullmatch(match.string, match.start("name"), match.end())
    return not (names_fields or is_ratio) and bool(value.strip(_SIGNS)) and _is_no_title(value)


def _is_no_title(value: str) -> bool:
    """Return whether a value is no word of a title: "Zugang: Hintereingang / Kellertreppe"."""
    has_capital = value[:1].isupper() and value.isidentifier()
    return not has_capital or any(map(str.isdigit, value))


def _is_distant_login(match: re.Match[str], value: str) -> bool:
    if match["name"]:
        has_sign = _HAS_SIGN.search(value) and looks_like_password(value)
        return bool(has_sign) or is_credential(value)
    leads_on = _SIGN.search(value) or _WITH.search(
        match.string, match.start(), match.start("value")
    )
    return bool(leads_on) and is_credential(value) and not _PRODUCT.fullmatch(value)


def _is_of_admin(match: re.Match[str], value: str) -> bool:
    return bool(_HAS_SIGN.search(value)) and looks_like_password(value)


def _has_length(match: re.Match[str], value: str) -> bool:
    return len(value) >= _MIN_PASSWORD and looks_like_password(value)


def _is_of_pair(match: re.Match[str], value: str) -> bool:
    return looks_like_password(value) or _is_pair_of_words(match)


def _is_of_network(match: re.Match[str], value: str) -> bool:
    return looks_like_password(value) and not ADDRESS.fullmatch(value)


_KINDS_OF_LOGINS: tuple[tuple[NamePattern, Callable[[re.Match[str], str], bool]], ...] = (
    (_LOGIN, _is_login),
    (_DISTANT_LOGIN, _is_distant_login),
    (_ADMIN_PAIR, _is_of_admin),
    (_BARE_LOGIN, _has_length),
    (_PAIR, _is_of_pair),
    (_SHORT_NAME, _has_length),
    (_NETWORK_PAIR, _is_of_network),
)


def _is_pair_of_words(pair: re.Match[str]) -> bool:
    """Return whether a user and a word are assigned: "user/password: ann / snowball"."""
    value = pair["value"].rstrip(PUNCTUATION)
    is_word = value.isalpha() and len(value) >= _MIN_PASSWORD and not words.is_common(value)
    return bool(pair["assigned"]) and is_word and not words.is_common(pair["name"])


def _value_span(match: re.Match[str]) -> Span:
    start = match.start("value")
    return start, start + len(match["value"].rstrip(PUNCTUATION))


def is_user_of_pair(lower: str, name_start: int, value_start: int) -> bool:
    """Return whether what follows the name of a password is a user, whose password was found."""
    if not _USER_BEFORE_FOUND.match(lower, value_start):
        return False
    before = lower[max(0, name_start - _USER_WINDOW) : name_start]
    return bool(_BEFORE_PASSWORD.search(before))


def _find_passwords_behind_addresses(searched: Searched) -> Iterator[Span]:
    """Find the passwords of pairs such as "ann@example.org:hunter2"."""
    if "@" not in searched.text:
        return
    for match in _BEHIND_ADDRESS.finditer(searched.text):
        start, end = _value_span(match)
        value = searched.text[start:end]
        if len(value) >= _MIN_PASSWORD and looks_like_password(value):
            yield start, end


def _find_passwords_for_purposes(searched: Searched) -> Iterator[Span]:
    """Find the passwords that only what they are for names: "use hunter22 to sign in"."""
    for purpose in islice(_PURPOSE.finditer(searched), _MAX_PURPOSES):
        login = _BEHIND_PURPOSE.match(searched.text, purpose.end())
        name, value, start = (
            (login["name"] or "", login[login.lastgroup or 0], login.start(login.lastgroup or 0))
            if login
            else _login_before(searched.text, purpose.start())
        )
        value = value.rstrip(PUNCTUATION)
        is_product = _PRODUCT.fullmatch(value) and not name.islower()
        if looks_like_password(value) and _CREDENTIAL.fullmatch(value) and not is_product:
            yield start, start + len(value)


def _login_before(text: str, position: int) -> tuple[str, str, int]:
    """Return the name, if any, and the value before "to log in", and where the value begins."""
    tokens = context_before(text, position, _PURPOSE_WINDOW).rstrip(" ").split(" ")
    while len(tokens) > 1 and tokens[-1].lower() in _TO:
        tokens.pop()
    value = tokens[-1].strip(_QUOTES)
    start = text.rfind(value, 0, position)
    if len(tokens) > 2 and tokens[-2] == "/":
        return tokens[-3], value, start
    return "", value if len(tokens) > 1 and tokens[-2].lower() in _USE else "", start


def is_credential(value: str) -> bool:
    """Return whether a value has the form of a password that no sentence names."""
    has_form = _CREDENTIAL.fullmatch(value) and not NO_VALUE.fullmatch(value)
    return bool(has_form) and not (_FILE.fullmatch(value) or "://" in value or "(" in value)


def looks_like_password(value: str) -> bool:
    """Return whether a value has digits and something else, and is neither a file nor a date."""
    has_digits = any(map(str.isdigit, value))
    is_number = value.isdigit() and len(value) < _MIN_NETWORK_KEY
    return (
        has_digits
        and not is_number
        and (value.isdigit() or not _PHONE.fullmatch(value))
        and not _FILE.fullmatch(value)
        and not NO_VALUE.fullmatch(value)
    )
