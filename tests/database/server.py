"""A temporary PostgreSQL server whose databases represent Supabase projects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "infra/local/postgres/platform.sql"
MIGRATIONS = tuple(sorted((ROOT / "supabase/migrations").glob("*.sql")))

Connection = psycopg.Connection[tuple[object, ...]]

_IDLE_IN_TRANSACTION = {TransactionStatus.INTRANS, TransactionStatus.INERROR}


@dataclass(frozen=True)
class Server:
    """A running server; `url` returns the connection string for a role and a database."""

    url: Callable[[str, str], str]

    @contextmanager
    def connect(self, role: str, database: str, autocommit: bool = True) -> Iterator[Connection]:
        """Open a connection, and close it at the end; uncommitted changes are rolled back."""
        connection = psycopg.connect(self.url(role, database), autocommit=autocommit)
        try:
            yield connection
        finally:
            # The server ends a closed connection later, and its locks would be held until then.
            if connection.info.transaction_status in _IDLE_IN_TRANSACTION:
                with suppress(psycopg.OperationalError):  # the server may have ended it
                    connection.rollback()
            connection.close()

    def copy_database(self, template: str, name: str) -> None:
        """Copy a database to which no connection is open."""
        with self.connect("supabase_admin", "postgres") as admin:
            admin.execute(
                sql.SQL("create database {} template {} owner postgres").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def create_project(self, name: str) -> None:
        """Create a database like that of a new Supabase project, before any migration."""
        with self.connect("supabase_admin", "postgres") as admin:
            admin.execute(
                sql.SQL("create database {} template template0").format(sql.Identifier(name))
            )
        with self.connect("supabase_admin", name) as admin:
            run_script(admin, PLATFORM)


def run_script(connection: Connection, path: Path) -> None:
    """Run an SQL file in one transaction."""
    with connection.transaction():
        connection.execute(path.read_bytes())


def migrate(connection: Connection) -> None:
    """Apply all migrations in order, each in its own transaction."""
    for path in MIGRATIONS:
        run_script(connection, path)
