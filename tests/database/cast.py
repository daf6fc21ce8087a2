"""The cast of actors that every table is asked about, and how each of them speaks to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from .server import Connection, Server

ALICE = UUID("a11ce000-0000-4000-8000-000000000001")
BOB = UUID("b0b00000-0000-4000-8000-000000000002")
STRANGER = UUID("57a6e000-0000-4000-8000-000000000003")


@dataclass(frozen=True)
class Actor:
    """Somebody with a token for a role, or (the dashboard) with a login of their own."""

    name: str
    role: str
    subject: UUID | None = None
    app_metadata_role: str | None = None

    def __str__(self) -> str:
        """Name the actor in a test's id."""
        return self.name

    @property
    def claims(self) -> dict[str, object]:
        """The claims of the actor's token, less what PostgREST checks and drops."""
        claims: dict[str, object] = {"role": self.role}
        if self.subject is not None:
            claims["sub"] = str(self.subject)
        if self.app_metadata_role is not None:
            claims["app_metadata"] = {"role": self.app_metadata_role}
        return claims


ANONYMOUS = Actor("anonymous", "anon")
USER = Actor("user", "authenticated", ALICE)
OTHER_USER = Actor("other user", "authenticated", BOB)
REVIEWER = Actor("reviewer", "authenticated", STRANGER, app_metadata_role="reviewer")
NO_SUBJECT = Actor("token without a subject", "authenticated")
WRITER = Actor("prompt_writer", "prompt_writer")
EXPORTER = Actor("prompt_exporter", "prompt_exporter")
SERVICE = Actor("service_role", "service_role")
DASHBOARD = Actor("dashboard", "postgres")

CALLERS = (
    ANONYMOUS, USER, OTHER_USER, REVIEWER, NO_SUBJECT, WRITER, EXPORTER, SERVICE,
)  # fmt: skip
"""Everybody who comes in over the API."""

CAST = (*CALLERS, DASHBOARD)


@contextmanager
def acting_as(server: Server, database: str, actor: Actor) -> Iterator[Connection]:
    """Open a transaction as PostgREST would for the actor's token; it is rolled back."""
    login = "postgres" if actor is DASHBOARD else "authenticator"
    with server.connect(login, database, autocommit=False) as connection:
        if actor is not DASHBOARD:
            connection.execute(f"set local role {actor.role}")
            connection.execute(
                "select set_config('request.jwt.claims', %s, true)", [json.dumps(actor.claims)]
            )
        yield connection
