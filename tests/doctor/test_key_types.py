"""The type of a key is detected from its format."""

import json
from typing import Any

import jwt
import pytest

from cli.checks.key_types import detect_key_type
from infra.local.keys import Keys, generate_keys

KEYS = generate_keys()
SECRET = "a secret that is long enough to sign by"


def public_jwk(keys: Keys) -> str:
    return json.dumps(keys.jwks()["keys"][0])


def token(**claims: Any) -> str:
    return jwt.encode(claims, SECRET, "HS256")


@pytest.mark.parametrize(
    ("key", "key_type"),
    [
        (KEYS.publishable, "a publishable key"),
        (KEYS.secret, "a secret key"),
        (KEYS.legacy_anon, "a legacy anon key"),
        (KEYS.legacy_service_role, "a legacy service role key"),
        (KEYS.signing_key, "a private JWK"),
        (public_jwk(KEYS), "a public JWK"),
        (KEYS.jwt_secret, "a shared secret"),
        (KEYS.api_key, "a shared secret"),
        (token(role="authenticated", sub="ada"), "a user's token"),
        (token(sub="ada"), "a user's token"),
        ('{"kty": "EC"}', "not a key"),
        ("{", "not a key"),
        ("short", "not a key"),
    ],
)
def test_each_key_type_is_detected(key: str, key_type: str) -> None:
    assert detect_key_type(key) == key_type
