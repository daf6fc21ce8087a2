"""Detect the type of a key from its format."""

import json
from typing import Any, Literal

import jwt

KeyType = Literal[
    "a publishable key",
    "a secret key",
    "a legacy anon key",
    "a legacy service role key",
    "a user's token",
    "a private JWK",
    "a public JWK",
    "a shared secret",
    "not a key",
]

_MIN_SECRET_LENGTH = 32
_LEGACY_ROLES: dict[object, KeyType] = {
    "anon": "a legacy anon key",
    "service_role": "a legacy service role key",
}


def detect_key_type(key: str) -> KeyType:
    """Return a key's type. Tokens are decoded, not verified."""
    if key.startswith("sb_publishable_"):
        return "a publishable key"
    if key.startswith("sb_secret_"):
        return "a secret key"
    if key.lstrip().startswith("{"):
        return _detect_jwk_type(key)
    claims = read_claims(key)
    if claims:
        return _LEGACY_ROLES.get(claims.get("role"), "a user's token")
    return "a shared secret" if len(key) >= _MIN_SECRET_LENGTH else "not a key"


def read_claims(key: str) -> dict[str, Any]:
    """Return the claims of a token, without verifying it; empty if the key is not a token."""
    try:
        claims: dict[str, Any] = jwt.decode(key, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _detect_jwk_type(key: str) -> KeyType:
    try:
        jwk = json.loads(key)
        jwt.PyJWK(jwk)
    except (ValueError, jwt.PyJWTError):
        return "not a key"
    return "a private JWK" if jwk.keys() & {"d", "k"} else "a public JWK"
