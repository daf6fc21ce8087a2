"""Supabase keys, as people copy them. The functions and `doctor` read keys with this module."""

import ast
import base64
import binascii
import html
import json
import re
import time
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from jwt.algorithms import HMACAlgorithm

from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.domain.keys import clean_key
from prompt_capture.domain.mistaken_secrets import Mistake, find_mistake
from prompt_capture.domain.placeholders import IN_SETTING

KeyType = (
    Mistake
    | Literal[
        "a publishable key",
        "a secret key",
        "a legacy anon key",
        "a legacy service role key",
        "a user's token",
        "an access token of a person",
        "a private JWK",
        "a public JWK",
        "a PEM file",
        "a shared secret",
        "the id of a key",
        "a key in another encoding",
        "not a key",
    ]
)

PUBLISHABLE, SECRET, SIGNING, JWT_SECRET = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
    "SUPABASE_JWT_SECRET",
)

EXPECTED_TYPES: dict[str, tuple[KeyType, ...]] = {
    PUBLISHABLE: ("a publishable key", "a legacy anon key"),
    SECRET: ("a secret key", "a legacy service role key"),
    SIGNING: ("a private JWK", "a shared secret"),
    JWT_SECRET: ("a shared secret",),
}
"""The types that each setting accepts, the recommended one first."""

_STARTS: dict[str, KeyType] = {
    "sb_publishable_": "a publishable key",
    "sb_secret_": "a secret key",
    "sbp_": "an access token of a person",
    "-----BEGIN": "a PEM file",
}
_SHORTENED = re.compile(r"\.\.|[\u2026\u2022*]|[xX]{6}|(?i:_your[-_])|\Asb_[a-z]+_\Z")
"""What an example or a list of keys has in place of the rest of a key."""

_LEGACY_ROLES: dict[object, KeyType] = {
    "anon": "a legacy anon key",
    "service_role": "a legacy service role key",
}
_PRIVILEGED: tuple[KeyType, ...] = ("a secret key", "a legacy service role key", "a private JWK")
_ALGORITHMS = ("ES256", "RS256", "HS256")
_PRIVATE_FIELDS = {"d", "k"}
_MIN_SECRET_LENGTH = 32
_INVALID_JWK = (jwt.PyJWTError, ValueError, TypeError, AttributeError, NotImplementedError)
"""What PyJWT raises for a JWK that it cannot use."""

_KEY_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""The Dashboard lists keys by their ids. A key of this deployment may have the same form."""

_FIELD = r"\\*(?:\"|'?\w+\\*'?\s*:)"
_JSON = re.compile(
    rf"\{{\s*(?:{_FIELD}|\}}?\s*\Z)|\[\s*(?:\{{\s*{_FIELD}|\\*\"\w|\[\s*\{{|\]?\s*\Z)"
)
"""The beginning of JSON, also where a shell took its quotation marks, or the end is missing."""

_LITERAL = re.compile(r"""b(?:'[^']*'|"[^"]*")""")
_DATA_URL = re.compile(r"data:[\w/+.=;-]*?(?P<base64>;base64)?,(?P<content>.*)", re.DOTALL)
_QUOTATION_MARKS = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02"
_CHANGED_JSON = re.compile(
    rf"[\[{{]\s*(?:[\[{{]\s*)?(?:&(?:amp;)*(?:quot|#0*34|#x0*22);|[{_QUOTATION_MARKS}])",
    re.IGNORECASE,
)
"""The beginning of JSON with the quotation marks of HTML or of a text editor."""

_STRAIGHT = dict.fromkeys(map(ord, _QUOTATION_MARKS), '"')
_STANDARD_BASE64 = str.maketrans("-_", "+/")
_STANDARD_BASE64_BYTES = bytes.maketrans(b"-_", b"+/")
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_MAX_DECOMPRESSED = 65_536
_MAX_ENCODINGS = 3
_DER_SEQUENCE = b"\x30"
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_SENT: frozenset[str] = frozenset({PUBLISHABLE, SECRET})
_NO_SECRET = re.compile(r'"(?:kty|crv|kid|alg|key_ops|[xydnek])"\s*:|-----BEGIN|\.json\Z|\AeyJ')
"""A key with something around it, a part of it, the path of its file, or a part of a token."""

_LOCAL_SECRETS = frozenset(
    {
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
    }
)
"""The JWT secrets of the Supabase CLI and of the example for self-hosting, which are public."""

_HOSTED = ".supabase.co"

_CREATE_KEY = (
    'Create one with `supabase gen signing-key --algorithm ES256 --workdir "$(mktemp -d)"`, and '
    "import it as the "
)
_STANDBY = "project's standby key (docs/how-to/deploy.md, step 2)."


class UnusableKey(InvalidSettings):
    """A setting has no usable key. `problem` says why, and `remedy` what to do; neither has it."""

    def __init__(self, setting: str, problem: str, remedy: str) -> None:
        super().__init__(f"{setting} {problem}. {remedy}")
        self.problem, self.remedy = problem, remedy


@dataclass(frozen=True)
class SigningKey:
    """A key that signs tokens, and the headers of these tokens."""

    key_type: KeyType
    key: Any = field(repr=False)
    algorithm: str
    headers: dict[str, str]


def restore_key(text: str) -> str:
    """Return a key as it was before programs and editors changed it.

    Beyond what `clean_key` removes, the key may be a literal of Python (b'...'), or the content of
    a data URL. The quotation marks of JSON may be curly, or escaped for HTML.
    """
    key = clean_key(text)
    if _LITERAL.fullmatch(key):
        with suppress(ValueError, SyntaxError):
            return restore_key(ast.literal_eval(key).decode())
    if url := _DATA_URL.fullmatch(key):
        content = unquote(url["content"])
        decoded = _decode_base64(content) if url["base64"] else clean_key(content)
        return decoded if _JSON.match(decoded) else key
    for _ in range(_MAX_ENCODINGS):
        if _CHANGED_JSON.match(key):
            key = html.unescape(key).translate(_STRAIGHT)
    return key


def usable_key(setting: str, text: str) -> str:
    """Return the key of a setting, clean; empty where the setting has none.

    Raise `UnusableKey` where the key is of another type or has expired.
    """
    key = restore_key(text)
    if not key:
        return ""
    key_type = "the id of a key" if _KEY_ID.fullmatch(key) else detect_key_type(key)
    if key_type not in EXPECTED_TYPES[setting]:
        raise UnusableKey(
            setting,
            f"is {key_type}; expected {EXPECTED_TYPES[setting][0]}",
            _replacement(setting, key_type),
        )
    if is_expired(key):
        raise UnusableKey(
            setting, f"is {key_type} that has expired", "Replace it: Dashboard, API Keys."
        )
    if setting in _SENT:
        check_sendable(setting, key)
    return key


def usable_jwt_secret(text: str, supabase_url: str) -> str:
    """Return the legacy JWT secret of a project; empty where there is none.

    Raise `UnusableKey`, also for the secret of local projects where the project is hosted. It is
    copied with other settings, and whoever knows it could sign tokens of any user.
    """
    secret = usable_key(JWT_SECRET, text)
    if secret in _LOCAL_SECRETS and is_hosted(supabase_url):
        raise UnusableKey(
            JWT_SECRET,
            "is the secret of local projects, which everybody knows",
            "Unset it. A project that signs with its legacy JWT secret needs its own "
            "(Dashboard, JWT keys).",
        )
    return secret


def is_hosted(supabase_url: str) -> bool:
    """Return whether Supabase hosts a project."""
    return (urlsplit(supabase_url).hostname or "").endswith(_HOSTED)


def check_sendable(setting: str, key: str) -> None:
    """Raise `UnusableKey` for a key that no header can hold."""
    if not _SENDABLE.fullmatch(key):
        raise UnusableKey(
            setting,
            "has white space or characters outside ASCII, such as curly quotation marks, which no "
            "key has",
            "Copy it again.",
        )


def is_expired(key: str) -> bool:
    """Return whether a key is a token that has expired."""
    expiry = read_claims(key).get("exp")
    return isinstance(expiry, int | float) and expiry < time.time()


def _replacement(setting: str, key_type: KeyType) -> str:
    remedy = f"Set it to {EXPECTED_TYPES[setting][0]} (docs/how-to/deploy.md, step 2)."
    if setting == PUBLISHABLE and key_type in _PRIVILEGED:
        return (
            f"{remedy} Rotate the exposed key too: it lets anyone who has seen it read every row."
        )
    return remedy


def parse_signing_key(text: str) -> SigningKey:
    """Read a private JWK, also from an array, a key set or Base64, or a shared secret.

    Raise `UnusableKey`.
    """
    key = restore_key(text)
    if not key:
        raise UnusableKey(SIGNING, "is empty", _CREATE_KEY + _STANDBY)
    document = None if find_mistake(key) else _read_document(key)
    if document is None:
        return SigningKey("a shared secret", usable_key(SIGNING, key), "HS256", {})
    private = _only_private(_jwks(document))
    try:
        jwk = jwt.PyJWK(private)
        if isinstance(jwk.key, bytes) and len(jwk.key) < _MIN_SECRET_LENGTH:
            raise UnusableKey(SIGNING, "has a secret that is too short", _CREATE_KEY + _STANDBY)
        headers = {"kid": jwk.key_id} if jwk.key_id else {}
        signing_key = SigningKey("a private JWK", jwk.key, jwk.algorithm_name, headers)
        jwt.encode({}, signing_key.key, signing_key.algorithm, headers=signing_key.headers)
    except _INVALID_JWK:
        raise UnusableKey(SIGNING, "is not a valid private JWK", _CREATE_KEY + _STANDBY) from None
    if signing_key.algorithm not in _ALGORITHMS:
        raise UnusableKey(
            SIGNING,
            f"is a key for {signing_key.algorithm}; Supabase accepts ES256 and RS256",
            _CREATE_KEY + _STANDBY,
        )
    return signing_key


def _read_document(key: str) -> object:
    """Return the content of a JSON document, or None where the key is none. Raise `UnusableKey`."""
    text = key if _JSON.match(key) else _decode_base64(key)
    if not _JSON.match(text):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableKey(
            SIGNING,
            "is not complete JSON",
            "Set it to the whole output of `supabase gen signing-key`, on one line.",
        ) from None


def _decode_base64(key: str) -> str:
    """Return the text that Base64 stands for, also of URLs and without padding, or nothing.

    The text may be in UTF-16, as PowerShell writes files.
    """
    characters = "".join(key.split()).rstrip("=").translate(_STANDARD_BASE64)
    padding = "=" * (-len(characters) % 4)
    try:
        content = base64.b64decode(characters + padding, validate=True)
        encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"
        return clean_key(content.decode(encoding))
    except (binascii.Error, ValueError):
        return ""


def _jwks(document: object) -> list[dict[str, Any]]:
    """Return the keys of a JWK, of an array of JWKs, or of a key set."""
    if isinstance(document, dict) and isinstance(document.get("keys"), list):
        document = document["keys"]
    members = document if isinstance(document, list) else [document]
    return [member for member in members if isinstance(member, dict) and "kty" in member]


def _only_private(jwks: list[dict[str, Any]]) -> dict[str, Any]:
    private = [jwk for jwk in jwks if jwk.keys() & _PRIVATE_FIELDS]
    if not jwks:
        raise UnusableKey(SIGNING, "is JSON without a JWK", _CREATE_KEY + _STANDBY)
    if not private:
        raise UnusableKey(
            SIGNING,
            "is a public JWK; expected a private JWK",
            "Set it to the file that `supabase gen signing-key` wrote; a key set and the Dashboard "
            f"have the public part only. If it is lost: {_CREATE_KEY}{_STANDBY}",
        )
    if len(private) > 1:
        raise UnusableKey(
            SIGNING,
            f"has {len(private)} private JWKs; expected one",
            "Keep the one whose `kid` the project uses (Dashboard, JWT keys), and remove the rest.",
        )
    return private[0]


def detect_key_type(key: str) -> KeyType:
    """Return the type of a clean key. Tokens are decoded, not verified."""
    for start, key_type in _STARTS.items():
        if key.startswith(start):
            is_example = IN_SETTING.search(key) or _SHORTENED.search(key)
            return "a placeholder" if is_example and start.startswith("sb_") else key_type
    if mistake := find_mistake(key):
        return mistake
    if _JSON.match(key):
        return _detect_jwk_type(key)
    claims = read_claims(key)
    if claims:
        return _LEGACY_ROLES.get(claims.get("role"), "a user's token")
    if _DATA_URL.fullmatch(key) or (not _NO_SECRET.search(key) and _is_encoded_key(key)):
        return "a key in another encoding"
    return "a shared secret" if _is_secret(key) else "not a key"


def _is_secret(key: str) -> bool:
    """Return whether a key is a shared secret, which can be any line of text that is long enough.

    What has a JWK in it, or is the path of its file, is a mistake. So is a public key, such as one
    of SSH, which PyJWT refuses as a secret.
    """
    is_one_line = len(key) >= _MIN_SECRET_LENGTH and key.isprintable()
    if not is_one_line or _NO_SECRET.search(key):
        return False
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(key)
    except jwt.InvalidKeyError:
        return False
    return True


def _is_encoded_key(key: str) -> bool:
    """Return whether a key is a JWK, a PEM file or a token in Base64, hexadecimal digits or others.

    The words of these have to appear, or the structure of what a PEM file has: a secret may consist
    of the characters of any encoding.
    """
    layers = {key.encode(errors="replace")}
    for _ in range(_MAX_ENCODINGS):
        layers = {decoded for layer in layers for decoded in _decode(layer) if decoded}
        texts = (layer.replace(b"\0", b"").decode("latin-1") for layer in layers)
        if any(map(_NO_SECRET.search, texts)) or any(map(_is_der_key, layers)):
            return True
    return False


def _is_der_key(content: bytes) -> bool:
    """Return whether a content is a private or a public key in DER."""
    if not content.startswith(_DER_SEQUENCE):
        return False
    with suppress(ValueError, UnsupportedAlgorithm):
        load_der_public_key(content)
        return True
    try:
        load_der_private_key(content, None)
    except TypeError:  # it needs a password
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _decode(content: bytes) -> Iterator[bytes]:
    """Yield what a content stands for in each encoding in which it is valid."""
    if content.startswith(_COMPRESSED):
        with suppress(zlib.error):
            yield zlib.decompressobj(_GZIP_OR_ZLIB).decompress(content, _MAX_DECOMPRESSED)
    if not content.isascii():
        return
    characters = b"".join(content.split())
    if b"%" in characters:
        yield unquote_to_bytes(characters)
    unpadded = characters.rstrip(b"=")
    with suppress(ValueError):
        standard = unpadded.translate(_STANDARD_BASE64_BYTES)
        yield base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
    with suppress(ValueError):
        yield base64.b32decode(unpadded + b"=" * (-len(unpadded) % 8), casefold=True)
    with suppress(ValueError):
        yield bytes.fromhex(characters.removeprefix(b"0x").replace(b":", b"").decode())


def _detect_jwk_type(key: str) -> KeyType:
    try:
        jwks = _jwks(json.loads(key))
        for jwk in jwks:
            jwt.PyJWK(jwk)
    except (*_INVALID_JWK, RecursionError):
        return "not a key"
    if not jwks:
        return "not a key"
    is_private = any(jwk.keys() & _PRIVATE_FIELDS for jwk in jwks)
    return "a private JWK" if is_private else "a public JWK"


def read_claims(key: str) -> dict[str, Any]:
    """Return the claims of a token, without verifying it; empty if the key is not a token."""
    try:
        claims: dict[str, Any] = jwt.decode(key, options={"verify_signature": False})
    except (jwt.PyJWTError, UnicodeEncodeError):
        return {}
    return claims
