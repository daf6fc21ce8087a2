"""`prompt-capture migrations`: bring the database schema into another Supabase project."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.arguments import Command
from cli.database_url import DatabaseUrl
from cli.error_handling import error_console, exit_on_error
from cli.migration_copies import (
    APPLIED_MIGRATIONS,
    Migration,
    is_own_folder,
    missing_in_folder,
    own_migrations,
    plan_copies,
    read_folder,
)
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.base import Settings

app = typer.Typer(no_args_is_help=True)


class _DatabaseSettings(Settings):
    """The database whose history is read, where there is one."""

    database_url: DatabaseUrl | None = None


@app.callback()
def migrations() -> None:
    """Add the migrations to a project that has its own."""


@app.command(cls=Command)
def add(
    to: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="The folder of the project: the one that contains supabase/.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
) -> None:
    """Copy the migrations into a Supabase project that has its own.

    Copies what DIR lacks, with versions after every migration there.
    Prints what it copies and what is there already.
    Changes no database: `supabase db push` does.
    If DATABASE_URL is set, also reads the history of that database.
    What it has applied keeps its version.

    Run it again after an upgrade of Prompt Capture: it adds what is new.

    Settings: DATABASE_URL, optional.

    [bold]Examples[/bold]
      prompt-capture migrations add --to ../my-app --dry-run
      prompt-capture migrations add --to ../my-app
    """
    with exit_on_error():
        folder = _migrations_folder(to)
        existing, database = read_folder(folder), _read_database()
        plan = plan_copies(existing, database, own_migrations(), datetime.now(UTC))
        for original, copy in plan.present:
            typer.echo(f"present  {copy.stem}.sql  ({original.stem})")
        for copy in plan.new:
            if not dry_run:
                _write(folder, copy)
            typer.echo(f"{'would copy' if dry_run else 'copied'}  {folder / copy.stem}.sql")
    _report_missing(missing_in_folder(existing, database, own_migrations()))


def _migrations_folder(folder: Path) -> Path:
    """Return the folder of the migrations. Also accept `supabase` and `supabase/migrations`."""
    if (folder / "supabase").is_dir():
        found = folder / "supabase" / "migrations"
    elif (folder / "config.toml").is_file() or folder.resolve().name == "supabase":
        found = folder / "migrations"
    elif folder.resolve().name == "migrations":
        found = folder
    else:
        raise typer.BadParameter(
            f"{folder} has no folder supabase. Name your project's folder, or run `supabase init` "
            "in it.",
            param_hint="--to",
        )
    if is_own_folder(found):
        raise typer.BadParameter(
            f"{found} is where the migrations are copied from. Name your project's folder.",
            param_hint="--to",
        )
    return found


def _read_database() -> list[Migration]:
    """Return the history of the database that DATABASE_URL names; empty without it."""
    url = _DatabaseSettings.from_env().database_url
    if url is None:
        error_console.print(
            "DATABASE_URL is not set, so only the folder is read. Set it if a database may have "
            "migrations that the folder lacks.",
            style="yellow",
            highlight=False,
        )
        return []
    import psycopg

    from cli.database_connection import connect_to_read

    try:
        with connect_to_read(url) as connection:
            return [Migration(*row) for row in connection.execute(APPLIED_MIGRATIONS)]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return []
    except psycopg.Error as error:
        raise InvalidSettings(
            f"The database of DATABASE_URL cannot be read ({type(error).__name__}). Correct it, or "
            "unset it to read only the folder."
        ) from None


def _write(folder: Path, migration: Migration) -> None:
    try:
        folder.mkdir(exist_ok=True)
        with (folder / f"{migration.stem}.sql").open("x", encoding="utf-8", newline="\n") as file:
            file.write(migration.sql)
    except OSError as error:
        raise typer.BadParameter(
            f"{folder} cannot be written: {error.strerror}.", param_hint="--to"
        ) from None


def _report_missing(versions: Sequence[str]) -> None:
    if versions:
        error_console.print(
            f"The database has migrations that the folder lacks: {', '.join(versions)}. Until they "
            "are there, `supabase db push` refuses to run. `supabase migration fetch` writes them; "
            "`supabase migration repair`, which it proposes, would delete them from the history.",
            style="yellow",
            highlight=False,
        )
