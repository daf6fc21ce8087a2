"""One server per test run; a migrated database that tests share, or a new project per test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from infra.local.postgres import Postgres
from tests.database_reset import DELETE_ALL_ROWS, NOTHING_AT_RANDOM

from .actors import ALICE, BOB
from .catalog import describe
from .console import GRACE, OLGA, ConsoleUser, add_account
from .rows import LONG_AGO, add_user, correct, insert
from .server import Connection, Server, migrate

_numbers = count(1)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's data and log."""
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="session")
def server(server_folder: Path) -> Iterator[Server]:
    """A PostgreSQL server for this test run."""
    with Postgres(server_folder, migrated=False) as postgres:
        running = Server(postgres.dsn)
        with running.connect("supabase_admin", "postgres") as admin:
            # It would change the planner's statistics, and so plans, in the middle of a test.
            admin.execute("alter system set autovacuum = off")
            admin.execute("select pg_reload_conf()")
        yield running


class ServerLog:
    """The part of the server's log that was written during a test."""

    def __init__(self, file: Path) -> None:
        self._file, self._start = file, file.stat().st_size

    def read(self) -> str:
        """Return what the server logged since the start of the test."""
        return self._file.read_bytes()[self._start :].decode(errors="replace")


@pytest.fixture
def server_log(server: Server, server_folder: Path) -> ServerLog:
    """The server's log from the start of the test."""
    return ServerLog(server_folder / "logs/postgres.log")


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A migrated database that others are copied from. No connection may stay open."""
    server.create_project("migrated")
    with server.connect("postgres", "migrated") as dashboard:
        migrate(dashboard)
    return "migrated"


@pytest.fixture(scope="session")
def description(server: Server, template: str) -> dict[str, list[tuple[object, ...]]]:
    """The description of a new project after all migrations."""
    with server.connect("postgres", template) as dashboard:
        return describe(dashboard)


@pytest.fixture(scope="session")
def shared_database(server: Server, template: str) -> str:
    """A migrated database that tests use one after another."""
    server.copy_database(template, "shared")
    return "shared"


@pytest.fixture(scope="session")
def resetting(server: Server, shared_database: str) -> Iterator[Connection]:
    """The superuser's connection to the shared database, open for all tests."""
    with server.connect("supabase_admin", shared_database) as admin:
        yield admin


@pytest.fixture
def database(shared_database: str, resetting: Connection) -> Iterator[str]:
    """A migrated database without rows. Its rows are deleted after the test."""
    yield shared_database
    resetting.execute(DELETE_ALL_ROWS)
    resetting.execute("""
        delete from auth.users;
        update public.intent_catalogue set retired_at = null where retired_at is not null;
        delete from public.intent_catalogue where domain = 'x';
        delete from private.tombstones""")


@pytest.fixture
def project(server: Server) -> str:
    """A new Supabase project, before any migration."""
    name = f"project_{next(_numbers)}"
    server.create_project(name)
    return name


@pytest.fixture
def dashboard(server: Server, database: str) -> Iterator[Connection]:
    """The dashboard's connection to a database in which Alice has signed up.

    Nothing enters the review queue at random there.
    """
    with server.connect("postgres", database) as connection:
        connection.execute(NOTHING_AT_RANDOM)
        add_user(connection, ALICE)
        yield connection


@pytest.fixture
def backend(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The backend's connection, with one transaction per statement."""
    with server.connect("authenticator", database) as connection:
        connection.execute("set role service_role")
        yield connection


@pytest.fixture
def log_id(dashboard: Connection) -> UUID:
    """The id of a prompt that Alice sent. Its timestamps are years old."""
    return insert(dashboard, created_at=LONG_AGO, updated_at=LONG_AGO)


@pytest.fixture(scope="session")
def populated(server: Server, template: str) -> str:
    """A read-only database with three prompts from Alice, two from Bob, and a disagreement."""
    server.copy_database(template, "populated")
    with server.connect("postgres", "populated") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        add_user(connection, ALICE)
        add_user(connection, BOB)
        for sender in (ALICE, ALICE, ALICE, BOB):
            insert(connection, user_id=sender)
        # All rows are copies of one text, so this correction applies to every row.
        correct(connection, insert(connection, user_id=BOB), "help")
    with server.connect("supabase_admin", "populated") as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            """insert into public.model_disagreements
                 (rank, text, first_intent, second_intent, text_key)
               values (1, 'hm', 'help', 'search', 'no row has it')"""
        )
    return "populated"


@pytest.fixture
def grace(server: Server, database: str, dashboard: Connection) -> ConsoleUser:
    """A reviewer of the console."""
    add_account(dashboard, GRACE, "reviewer")
    return ConsoleUser(server, database, GRACE)


@pytest.fixture
def olga(server: Server, database: str, dashboard: Connection) -> ConsoleUser:
    """An operator of the console."""
    add_account(dashboard, OLGA, "operator")
    return ConsoleUser(server, database, OLGA)
