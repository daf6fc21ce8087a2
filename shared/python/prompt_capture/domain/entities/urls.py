"""URLs that give access: with a password, a token or an unguessable path."""

import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import unquote

from prompt_capture.domain.entities.searched import Searched
from prompt_capture.domain.entities.secrets.tokens import is_random, is_short_token
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

# A URL ends before other scripts: their words follow without a space.
_URL_SIGN = lazy_pattern(r"://|www\.")
_SCHEME = lazy_pattern(r"(?<![a-z0-9\x7f])[a-z][a-z0-9+.-]{1,15}\Z")
_ADDRESS = lazy_pattern(r"[!#-&(-;=?-~]+")
_MARKS = frozenset("*_~")
"""The marks of Markdown, which may enclose a URL."""
_USER_AND_PASSWORD = lazy_pattern(r"[^/?#@:]{0,100}+:[^/?#@]{1,200}+@")
# The URLs of databases and queues, whose passwords people do not escape.
_CONNECTION = lazy_pattern(r"[^/?#@:]{0,100}+:(?![0-9]{1,5}[/?#])[^@]{1,200}+@")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_PARAMETER = lazy_pattern(r"[?&#;](?P<name>[\w.-]{1,60})=(?=(?P<value>[^&#]{4,40}))", re.ASCII)
_SECRET_NAME = lazy_pattern(
    r"""[\w.-]{0,40}(?:token|key|sig|signature|code|auth|jwt|otp|pass|password|pwd|secret|session
        |session_?id|sid|ticket|invite|credential|hash|nonce|assertion|magic|hmac|jeton|passwd
        |passwort|kennwort|contrasena|senha|mdp|wachtwoord|haslo)|pin|pw|h|k|t""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
# Names whose value may also be a word
_NAME_OF_MIXED = lazy_pattern(
    r"""[\w.-]{0,40}(?:guest|respondent|recipient|participant|attendee|subscriber|invitee|invitation
        |invitado|share|access|confirm|confirmation|verify|verification|reset|unsubscribe|clave|llave
        |chiave|codice|codigo|cle|sleutel|schl(?:ue|u)ssel|kod)(?:_?id)?|p""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_PUBLIC_NAME = lazy_pattern(
    r"""(?:\w*[_.-])?(?:(?:zip|post|postal|country|lang|language|locale|error|err|status|response|exit
            |http|currency|area|region|state|city|dial|phone|promo|promotion|coupon|discount|product
            |item|bar|qr|color|colour|airport|class|course|category|store|station|source)[_.-]?code
        |(?:sort|search|order|group|primary|foreign|partition|hot|filter|column|row|field|tab|menu
            )[_.-]?key
        |bypass|compass)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_PUBLIC_VALUE = lazy_pattern(
    r"true|false|null|none|undefined|x{3,}|\*{3,}|\.{3}|your[a-z_-]{0,30}|[<{\[$%][^&]*",
    re.IGNORECASE,
)
_TIME_IN_VIDEO = lazy_pattern(r"(?:[0-9]+[hms]?)+")
_TOKEN_IN_URL = lazy_pattern(r"[=/](?:eyJ|sk[-_]|sb_secret_)")
_PATH = lazy_pattern(r"/.*", re.DOTALL)
_PATH_PIECE = lazy_pattern(r"[/:;,+!#]([\w-]{13,}+)", re.ASCII)
_PLAIN_TOKEN = lazy_pattern(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")
_PUBLIC_PATH = lazy_pattern(r"(?:/(?:commits?|tree|blob|compare|raw)/|sha(?:1|256|384|512):)\Z")
_PUBLIC_PATH_SIZE = 10
# Of images and programs, the address is a hash of the content.
_HEXADECIMAL = lazy_pattern(
    r"(?<![A-Za-z0-9.])(?:[0-9a-f]{13,}+|[0-9A-F]{13,}+)"
    r"(?![A-Za-z0-9]|\.(?:js|css|map|woff2?|png|jpe?g|svg|webp|gif|avif|ico)\b)"
)
_MIN_LETTERS_AND_DIGITS = 3
# What stands before a token in the links of one's files, rooms and accounts; single letters also
# stand before articles and posts.
_ACCESS = lazy_pattern(
    r"""(?:
        (?P<host>(?:\A|/)(?:discord\.gg|we\.tl|chat\.whatsapp\.com|photos\.app\.goo\.gl|1drv\.ms)/)(?:t-)?
        |[/#]private-
        |[/#](?:(?P<letter>[acdefilmprstu])
            |share[ds]?|sharing|sharedalbum|sh|invit(?:e|es|ation|ations)|einladung|join|rooms?|dl
            |downloads?|drop|upload|confirm(?:ation)?|verify|verification|activat(?:e|ion)|onboard
            |reset|unsubscribe|unsub|optout|sign|signing|track|guests?|magic|files?|photos?|fotos?
            |albums?|access|hooks?|webhooks?|compartir|partage|freigabe
        )[/#](?:[0-9]{1,12}/){0,3}
    )(?=(?P<token>[\w-]{8,64}+)(?:[/?#.;&]|\Z))""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_POSTS = lazy_pattern(
    r"(?:[\w-]+\.){0,3}(?:instagram|youtube|tiktok|reddit|github|gitlab|amazon|pinterest|spotify)\.",
    re.ASCII | re.IGNORECASE,
)
_USER = lazy_pattern(r"(?:[A-Za-z]{2,6}[_-](?:pat_)?)?(?P<user>[A-Za-z0-9_]{10,90})@")
_UUID = lazy_pattern("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_GROUP = lazy_pattern("[A-Za-z0-9]+")
_CHARACTER_RUN = lazy_pattern("[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_YEAR = lazy_pattern("(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_MIN_MIXED, _MIN_MIXED_DIGITS, _MIN_MIXED_CASE = 8, 2, 12


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
    return (path is not None and _is_unguessable(path[0])) or _has_access_token(decoded)


def _is_unguessable(path: str) -> bool:
    """Return whether a part of a path is random, and no hash of public content."""
    pieces = ((piece[1], piece.start() + 1) for piece in _PATH_PIECE.finditer(path))
    tokens = (start for text, start in pieces if _is_token(text) or _PLAIN_TOKEN.fullmatch(text))
    before_query = path.partition("?")[0]
    hexadecimal = (
        each.start()
        for each in _HEXADECIMAL.finditer(before_query)
        if _counts(each[0]) >= _MIN_LETTERS_AND_DIGITS
    )
    return any(
        not _PUBLIC_PATH.search(path[:start][-_PUBLIC_PATH_SIZE:])
        for start in chain(tokens, hexadecimal)
    )


def _has_access_token(address: str) -> bool:
    """Return whether a short token stands where links give access to something."""
    user = _USER.match(address)
    if user and (_is_mixed(user["user"]) or _is_token(user["user"])):
        return True
    has_token = any(map(_is_access_token, _ACCESS.finditer(address)))
    return has_token and not _POSTS.match(address)


def _is_access_token(access: re.Match[str]) -> bool:
    token = access["token"]
    if access["host"] and not token.islower():
        return True
    if access["letter"]:
        return _is_mixed(token) and not token.isupper()  # as the numbers of products are
    return _is_mixed(token) or bool(_UUID.fullmatch(token))


def _is_mixed(text: str) -> bool:
    """Return whether a short string is a code: letters and digits that change often.

    It is no UUID and has no year.
    Of groups that differ in length, one alone is long enough, so that "win11-24h2" is none.
    """
    groups = _GROUP.findall(text)
    if len(set(map(len, groups))) == 1:
        groups = ["".join(groups)]
    if _is_mixed_case(text):
        return True
    return not (_YEAR.search(text) or _UUID.fullmatch(text)) and any(
        len(group) >= _MIN_MIXED
        and _counts(group) >= _MIN_MIXED_DIGITS
        and 2 * len(_CHARACTER_RUN.findall(group)) >= len(group)
        for group in groups
    )


def _is_mixed_case(text: str) -> bool:
    """Return whether letters change between capitals and small ones more often than in names."""
    has_length = len(text) >= _MIN_MIXED_CASE and text.isalpha()
    return has_length and len(_CHARACTER_RUN.findall(text)) * 2.6 >= len(text)


def _counts(text: str) -> int:
    """Return how many letters or digits a string has, whichever are fewer."""
    digits = sum(map(str.isdigit, text))
    return min(digits, len(text) - digits)


def _is_token(text: str) -> bool:
    return is_random(text) or is_short_token(text)


def _names_secret(name: str, value: str) -> bool:
    return bool(
        _SECRET_NAME.fullmatch(name)
        or _is_token(value)
        or (_is_mixed(value) and _NAME_OF_MIXED.fullmatch(name))
    )


def _has_secret_parameter(address: str) -> bool:
    return bool(_TOKEN_IN_URL.search(address)) or any(
        _names_secret(parameter["name"], parameter["value"])
        and not _PUBLIC_NAME.fullmatch(parameter["name"])
        and not _PUBLIC_VALUE.fullmatch(parameter["value"])
        and not (parameter["name"] == "t" and _TIME_IN_VIDEO.fullmatch(parameter["value"]))
        for parameter in _PARAMETER.finditer(address)
    )
