"""A disposable PostgreSQL server that is set up like the database of a Supabase project."""

from pathlib import Path
from typing import Self

from infra.local.postgres import template
from infra.local.postgres.server import PostgresServer


class Postgres:
    """A database server whose files are all in `folder`.

    Use it as a context manager: `with Postgres(folder) as pg: psycopg.connect(pg.dsn("postgres"))`.
    The login roles are `supabase_admin` (superuser), `postgres` (as in the dashboard) and
    `authenticator`. With `migrated=False` the database has the objects of the Supabase platform
    but not this project's migrations.
    """

    def __init__(self, folder: Path, migrated: bool = True) -> None:
        self._folder, self._migrated = folder, migrated
        self._server = PostgresServer(folder / "postgres", folder, template.password())
        self.dsn = self._server.dsn

    def __enter__(self) -> Self:
        self.create()
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def create(self) -> None:
        """Create the data directory, from the cache if possible."""
        self._folder.mkdir(parents=True, exist_ok=True)
        template.copy_to(self._folder / "postgres", self._migrated)

    def start(self) -> None:
        """Start or restart the server and return when it accepts connections."""
        self._server.start()

    def stop(self) -> None:
        """Stop the server and keep its data, so that it can start again."""
        self._server.stop()
