"""Keys are told apart by their looks."""

import json
from typing import Any

import jwt
import pytest

from cli.checks.key_types import key_type_of
from infra.local.keys import Keys, generate

KEYS = generate()
SECRET = "a secret that is long enough to sign by"


def public_jwk(keys: Keys) -> str:
    return json.dumps(keys.jwks()["keys"][0])


def token(**claims: Any) -> str:
    return jwt.encode(claims, SECRET, "HS256")


@pytest.mark.parametrize(
    ("key", "kind"),
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
        ('{"kty": "EC"}', "no key"),
        ("{", "no key"),
        ("short", "no key"),
    ],
)
def test_each_kind_of_key_is_told(key: str, kind: str) -> None:
    assert key_type_of(key) == kind
