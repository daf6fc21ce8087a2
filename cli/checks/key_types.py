"""What kind of key something is, by its looks."""

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
    "no key",
]

_SHORTEST_SECRET = 32
_LEGACY: dict[object, KeyType] = {
    "anon": "a legacy anon key",
    "service_role": "a legacy service role key",
}


def key_type_of(key: str) -> KeyType:
    """Tell a key's kind; of tokens nothing is verified."""
    if key.startswith("sb_publishable_"):
        return "a publishable key"
    if key.startswith("sb_secret_"):
        return "a secret key"
    if key.lstrip().startswith("{"):
        return _key_type_of_jwk(key)
    claims = claims_of(key)
    if claims:
        return _LEGACY.get(claims.get("role"), "a user's token")
    return "a shared secret" if len(key) >= _SHORTEST_SECRET else "no key"


def claims_of(key: str) -> dict[str, Any]:
    """Read what a token says of itself; nothing where it is none."""
    try:
        claims: dict[str, Any] = jwt.decode(key, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _key_type_of_jwk(key: str) -> KeyType:
    try:
        jwk = json.loads(key)
        jwt.PyJWK(jwk)
    except (ValueError, jwt.PyJWTError):
        return "no key"
    return "a private JWK" if jwk.keys() & {"d", "k"} else "a public JWK"
