"""Users of the local project, as if they had signed up and in."""

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from infra.local.keys import Keys, user_claims

_INSERT = """
insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)
values (%s, 'authenticated', 'authenticated', %s, %s, '{}')
"""


@dataclass(frozen=True)
class User:
    """A signed-in user; the token holds for an hour."""

    id: str
    email: str
    access_token: str


class Users:
    """Makes users in `auth.users` and signs their access tokens."""

    def __init__(self, database: str, issuer: str, keys: Keys) -> None:
        self._database, self._issuer, self._keys = database, issuer, keys

    def create(self, email: str, **app_metadata: Any) -> User:
        """Sign a user up and in."""
        user_id = str(uuid.uuid4())
        with psycopg.connect(self._database) as connection:
            connection.execute(_INSERT, (user_id, email, Jsonb(app_metadata)))
        claims = user_claims(self._issuer, user_id, email, app_metadata)
        return User(user_id, email, self._keys.sign(claims))
