"""Creates signed-in users in the local project."""

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from infra.local.keys import JwtClaims, Keys

_INSERT = """
insert into auth.users
  (id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data)
values (
  %s, 'authenticated', 'authenticated', %s,
  extensions.crypt(%s::text, extensions.gen_salt('bf', 4)), %s, '{}'
)
"""


@dataclass(frozen=True)
class User:
    """A signed-in user; the access token is valid for one hour."""

    id: str
    email: str
    access_token: str
    password: str


class UserFactory:
    """Inserts users into `auth.users` and signs their access tokens."""

    def __init__(self, dsn: str, issuer: str, keys: Keys) -> None:
        self._dsn, self._issuer, self._keys = dsn, issuer, keys

    def create(self, email: str, **app_metadata: Any) -> User:
        """Insert a user with a random password, and sign an access token."""
        user_id, password = str(uuid.uuid4()), secrets.token_urlsafe(12)
        with psycopg.connect(self._dsn) as connection:
            connection.execute(_INSERT, (user_id, email, password, Jsonb(app_metadata)))
        claims = user_claims(self._issuer, user_id, email, app_metadata)
        return User(user_id, email, self._keys.sign(claims), password)


def user_claims(
    issuer: str,
    user_id: str,
    email: str,
    app_metadata: dict[str, Any] | None = None,
    lifetime: int = 3600,
) -> JwtClaims:
    """Return the claims of an access token that Supabase Auth issues after a password sign-in."""
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": user_id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"], **(app_metadata or {})},
        "user_metadata": {"email": email, "email_verified": True},
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": str(uuid.uuid4()),
        "is_anonymous": False,
        "iat": now,
        "exp": now + lifetime,
    }
