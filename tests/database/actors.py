"""The actors whose access is tested, and a connection to the database as each of them."""

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
    """A role with a token, or the dashboard, which logs in as the role itself."""

    name: str
    role: str
    subject: UUID | None = None
    app_metadata_role: str | None = None

    def __str__(self) -> str:
        """Return the name, which becomes part of a test's id."""
        return self.name

    @property
    def claims(self) -> dict[str, object]:
        """The claims of the actor's token, without audience and expiry."""
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
REGISTRAR = Actor("model_registrar", "model_registrar")
MONITOR = Actor("prompt_monitor", "prompt_monitor")
SERVICE = Actor("service_role", "service_role")
DASHBOARD = Actor("dashboard", "postgres")

CALLERS = (
    ANONYMOUS, USER, OTHER_USER, REVIEWER, NO_SUBJECT, WRITER, EXPORTER, REGISTRAR, MONITOR,
    SERVICE,
)  # fmt: skip
"""Every actor that calls the API."""

ACTORS = (*CALLERS, DASHBOARD)


@contextmanager
def connect_as(server: Server, database: str, actor: Actor) -> Iterator[Connection]:
    """Open a transaction as PostgREST does for the actor's token, and roll it back at the end."""
    login = "postgres" if actor is DASHBOARD else "authenticator"
    with server.connect(login, database, autocommit=False) as connection:
        if actor is not DASHBOARD:
            connection.execute(f"set local role {actor.role}")
            connection.execute(
                "select set_config('request.jwt.claims', %s, true)", [json.dumps(actor.claims)]
            )
        yield connection
