"""A throw-away PostgreSQL that looks like a Supabase project's database."""

from pathlib import Path
from typing import Self

from infra.local.postgres import template
from infra.local.postgres.server import Server


class Postgres:
    """`with Postgres(folder) as pg: pg.dsn("postgres")`, everything in `folder`.

    Login roles: `supabase_admin` (superuser), `postgres` (the dashboard's), `authenticator`.
    With `migrated=False` the platform is there, the project's own migrations are not.
    """

    def __init__(self, folder: Path, migrated: bool = True) -> None:
        self._folder, self._migrated = folder, migrated
        self._server = Server(folder / "postgres", folder, template.password())
        self.dsn = self._server.dsn

    def __enter__(self) -> Self:
        self.create()
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def create(self) -> None:
        """Make its data directory, from the cache if that holds it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        template.copy_to(self._folder / "postgres", self._migrated)

    def start(self) -> None:
        """Start it, again where it was stopped; returns when it answers."""
        self._server.start()

    def stop(self) -> None:
        """Stop it and keep its data."""
        self._server.stop()
