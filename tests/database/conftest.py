"""One server for the whole run; a migrated database for all, or a fresh one for a test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from infra.local.postgres import Postgres
from tests.database_reset import DELETE_ALL_ROWS

from .cast import ALICE, BOB
from .catalog import describe
from .rows import LONG_AGO, add_user, correct, insert
from .server import Connection, Server, migrate

_numbers = count(1)


@pytest.fixture(scope="session")
def folder_of_the_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' own server has its data and its log."""
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="session")
def server(folder_of_the_server: Path) -> Iterator[Server]:
    """A PostgreSQL server of the tests' own."""
    with Postgres(folder_of_the_server, migrated=False) as postgres:
        yield Server(postgres.dsn)


class ServerLog:
    """What the server has logged since the test began."""

    def __init__(self, file: Path) -> None:
        self._file, self._start = file, file.stat().st_size

    def since(self) -> str:
        """Read it."""
        return self._file.read_bytes()[self._start :].decode(errors="replace")


@pytest.fixture
def server_log(server: Server, folder_of_the_server: Path) -> ServerLog:
    """The server's own log, from here on."""
    return ServerLog(folder_of_the_server / "logs/postgres.log")


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A migrated database that others are copied from; nothing may connect to it."""
    server.create_project("migrated")
    with server.connect("postgres", "migrated") as dashboard:
        migrate(dashboard)
    return "migrated"


@pytest.fixture(scope="session")
def description(server: Server, template: str) -> dict[str, list[tuple[object, ...]]]:
    """What the migrations make of a new project."""
    with server.connect("postgres", template) as dashboard:
        return describe(dashboard)


@pytest.fixture(scope="session")
def cleaned(server: Server, template: str) -> str:
    """A migrated database that tests use one after the other."""
    server.copy_database(template, "cleaned")
    return "cleaned"


@pytest.fixture
def database(server: Server, cleaned: str) -> Iterator[str]:
    """A migrated database of the test's own for as long as it runs, without rows."""
    yield cleaned
    with server.connect("supabase_admin", cleaned) as admin:
        admin.execute(DELETE_ALL_ROWS)
        admin.execute("delete from auth.users")
        admin.execute("update public.intent_catalogue set retired_at = null")
        admin.execute("delete from public.intent_catalogue where domain = 'x'")
        admin.execute("truncate private.tombstones")


@pytest.fixture
def copied(server: Server, template: str) -> str:
    """A migrated database to change the shape of."""
    name = f"test_{next(_numbers)}"
    server.copy_database(template, name)
    return name


@pytest.fixture
def project(server: Server) -> str:
    """A new project of the test's own, before any migration."""
    name = f"project_{next(_numbers)}"
    server.create_project(name)
    return name


@pytest.fixture
def dashboard(server: Server, database: str) -> Iterator[Connection]:
    """The dashboard's connection to the test's own database, where Alice has signed up."""
    with server.connect("postgres", database) as connection:
        add_user(connection, ALICE)
        yield connection


@pytest.fixture
def log_id(dashboard: Connection) -> UUID:
    """A prompt of Alice's in the test's own database, whose time stamps are long past."""
    return insert(dashboard, created_at=LONG_AGO, updated_at=LONG_AGO)


@pytest.fixture(scope="session")
def populated(server: Server, template: str) -> str:
    """A migrated database with three prompts of Alice's and one of Bob's, for reading only."""
    server.copy_database(template, "populated")
    with server.connect("postgres", "populated") as connection:
        add_user(connection, ALICE)
        add_user(connection, BOB)
        for owner in (ALICE, ALICE, ALICE, BOB):
            insert(connection, user_id=owner)
        # The last of them is corrected and so, being the same text, are all others.
        correct(connection, insert(connection, user_id=BOB), "help")
    return "populated"
