"""The Supabase CLI accepts the folder `supabase` and applies its migrations."""

import shutil
from pathlib import Path

import pytest

from .catalog import describe
from .server import MIGRATIONS, ROOT, Server, run_script
from .supabase_cli import remote, run_supabase, supabase


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project folder, because the CLI writes temporary files into it."""
    shutil.copytree(
        ROOT / "supabase", tmp_path / "supabase", ignore=shutil.ignore_patterns(".temp")
    )
    return tmp_path


def test_db_push_applies_every_migration_to_a_new_project_once(
    server: Server, project: str, folder: Path, description: dict[str, object]
) -> None:
    supabase(folder, "db", "push", "--yes", remote(server, project))
    with server.connect("postgres", project) as dashboard:
        applied = dashboard.execute(
            "select version || '_' || name from supabase_migrations.schema_migrations order by 1"
        ).fetchall()
        assert applied == [(migration.stem,) for migration in MIGRATIONS]
        assert describe(dashboard) == description
    assert "up to date" in supabase(folder, "db", "push", "--yes", remote(server, project))


def test_db_push_adopts_the_rows_of_a_first_version(
    server: Server, project: str, folder: Path
) -> None:
    with server.connect("postgres", project) as dashboard:
        run_script(dashboard, Path(__file__).parent / "first_version/as_grown.sql")
        supabase(folder, "db", "push", "--yes", remote(server, project))
        adopted = dashboard.execute(
            "select from public.nlu_prompt_logs where model_version = 'legacy'"
        )
        assert adopted.rowcount == 5


def test_db_push_shows_what_to_do_where_pgcrypto_is_in_another_schema(
    server: Server, project: str, folder: Path
) -> None:
    with server.connect("supabase_admin", project) as admin:
        admin.execute("alter extension pgcrypto set schema public")

    run = run_supabase(folder, "db", "push", "--yes", remote(server, project))

    assert run.returncode == 1
    assert "alter extension pgcrypto set schema extensions" in run.stderr


def test_the_advisors_report_no_warning(server: Server, database: str, folder: Path) -> None:
    level = ("--fail-on", "warn", "--level", "info")
    supabase(folder, "db", "advisors", *level, remote(server, database))
