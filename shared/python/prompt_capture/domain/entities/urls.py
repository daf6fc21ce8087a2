"""URLs that give access: with a password, a token or an unguessable path."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from prompt_capture.domain.entities.searched import LazyPattern, Searched
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
