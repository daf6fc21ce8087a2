"""The Supabase CLI accepts the folder `supabase` and applies its migrations."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .catalog import describe
from .server import MIGRATIONS, ROOT, Server, run_script


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project folder, because the CLI writes temporary files into it."""
    shutil.copytree(
        ROOT / "supabase", tmp_path / "supabase", ignore=shutil.ignore_patterns(".temp")
    )
    return tmp_path


def supabase(folder: Path, *arguments: str) -> str:
    """Run the CLI and return its output."""
    run = subprocess.run(
        [ROOT / "node_modules/.bin/supabase", *arguments, "--workdir", folder],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SUPABASE_TELEMETRY_DISABLED": "1",
            "DO_NOT_TRACK": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def test_db_push_applies_every_migration_to_a_new_project_once(
    server: Server, project: str, folder: Path, description: dict[str, object]
) -> None:
    remote = f"--remote={server.url('postgres', project)}?sslmode=disable"
    supabase(folder, "db", "push", "--yes", remote)
    with server.connect("postgres", project) as dashboard:
        applied = dashboard.execute(
            "select version || '_' || name from supabase_migrations.schema_migrations order by 1"
        ).fetchall()
        assert applied == [(migration.stem,) for migration in MIGRATIONS]
        assert describe(dashboard) == description
    assert "up to date" in supabase(folder, "db", "push", "--yes", remote)


def test_db_push_adopts_the_rows_of_a_first_version(
    server: Server, project: str, folder: Path
) -> None:
    with server.connect("postgres", project) as dashboard:
        run_script(dashboard, Path(__file__).parent / "first_version/as_grown.sql")
        remote = f"--remote={server.url('postgres', project)}?sslmode=disable"
        supabase(folder, "db", "push", "--yes", remote)
        adopted = dashboard.execute(
            "select from public.nlu_prompt_logs where model_version = 'legacy'"
        )
        assert adopted.rowcount == 5


def test_the_advisors_report_no_warning(server: Server, database: str, folder: Path) -> None:
    remote = f"--remote={server.url('postgres', database)}?sslmode=disable"
    supabase(folder, "db", "advisors", "--fail-on", "warn", "--level", "info", remote)
