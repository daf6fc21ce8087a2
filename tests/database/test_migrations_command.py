"""`prompt-capture migrations add`, with the real Supabase CLI, in projects of every kind."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.migration_copies import own_migrations, read_folder

from .catalog import describe
from .server import MIGRATIONS, ROOT, Server
from .supabase_cli import remote, run_supabase, supabase

TODAY = datetime.now(UTC)
YEAR = timedelta(days=365)
OLDER, NEWER = (f"{TODAY + offset:%Y%m%d%H%M%S}" for offset in (-YEAR, YEAR))
DATE = f"{TODAY:%Y%m%d}"
OWN_NAMES = [migration.name for migration in own_migrations()]

Description = dict[str, object]


@dataclass(frozen=True)
class Project:
    """The folder and the database of a project that has migrations of its own."""

    folder: Path
    server: Server
    database: str

    @property
    def remote(self) -> str:
        """The CLI's option that names the database."""
        return remote(self.server, self.database)

    @property
    def url(self) -> str:
        """The connection string of the database."""
        return self.server.url("postgres", self.database)

    @property
    def migrations(self) -> Path:
        """The folder of the migrations."""
        return self.folder / "supabase/migrations"

    @property
    def names(self) -> list[str]:
        """The names of all migrations in the folder, in the order in which the CLI applies them."""
        return [migration.name for migration in read_folder(self.migrations)]

    def write(self, version: str, sql: str | None = None) -> None:
        """Write a migration of the project itself."""
        self.migrations.mkdir(exist_ok=True)
        file = self.migrations / f"{version}_theirs.sql"
        file.write_text(sql or f"create schema app_{version};\n")

    def add(self, *options: str, database_url: str = "", status: int = 0) -> str:
        """Run the command and return its output."""
        result = CliRunner().invoke(
            app,
            ["migrations", "add", "--to", str(self.folder), *options],
            env={"DATABASE_URL": database_url, "COLUMNS": "1000"},
        )
        assert result.exit_code == status, result.output
        return result.output

    def push(self) -> str:
        """Run `supabase db push`, without the option that accepts migrations in any order."""
        return supabase(self.folder, "db", "push", "--yes", self.remote)

    def fetch(self) -> None:
        """Replace the folder by what the database's history contains."""
        shutil.rmtree(self.migrations, ignore_errors=True)
        supabase(self.folder, "migration", "fetch", "--yes", self.remote)

    def describe(self) -> Description:
        """Describe our part of the database."""
        with self.server.connect("postgres", self.database) as dashboard:
            return dict(describe(dashboard))

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with self.server.connect("postgres", self.database) as dashboard:
            return dashboard.execute(statement.encode()).fetchall()


@pytest.fixture
def theirs(server: Server, project: str, tmp_path: Path) -> Project:
    """A project without migrations, in a folder whose name has a space."""
    folder = tmp_path / "their project"
    (folder / "supabase").mkdir(parents=True)
    (folder / "supabase" / "config.toml").write_text('project_id = "theirs"\n')
    return Project(folder, server, project)


@pytest.fixture
def migrated(theirs: Project, tmp_path: Path) -> Project:
    """A project to whose database this repository's folder was pushed."""
    ours = tmp_path / "ours"
    shutil.copytree(ROOT / "supabase", ours / "supabase", ignore=shutil.ignore_patterns(".temp"))
    supabase(ours, "db", "push", "--yes", theirs.remote)
    return theirs


def copied(count: int = len(OWN_NAMES)) -> list[str]:
    return [f"prompt_capture_{name}" for name in OWN_NAMES[:count]]


@pytest.mark.parametrize(
    ("pushed", "unpushed"),
    [
        ([], []),
        ([OLDER], []),
        ([NEWER], []),
        ([OLDER, NEWER], []),
        ([OLDER], [NEWER]),
        ([OLDER, DATE], []),
        ([OLDER], [DATE]),
    ],
    ids=["none", "older", "newer", "both", "an unpushed one", "a date", "an unpushed date"],
)
def test_the_copies_apply_to_a_project_with_other_migrations_in_one_push(
    theirs: Project, description: Description, pushed: list[str], unpushed: list[str]
) -> None:
    for version in pushed:
        theirs.write(version)
    theirs.push()
    for version in unpushed:
        theirs.write(version)

    theirs.add()
    theirs.push()

    assert theirs.names == [*["theirs" for _ in pushed + unpushed], *copied()]
    assert theirs.describe() == description


def test_a_migration_that_no_file_can_follow_is_refused(theirs: Project) -> None:
    theirs.write("9999")

    assert "No version comes after 9999_theirs.sql" in theirs.add(status=1)
    assert theirs.names == ["theirs"]


def test_without_the_command_the_cli_refuses_the_migrations_in_such_a_project(
    theirs: Project,
) -> None:
    theirs.write(NEWER)
    theirs.push()
    for migration in MIGRATIONS:
        shutil.copy(migration, theirs.migrations)

    refused = run_supabase(theirs.folder, "db", "push", "--yes", theirs.remote)

    assert refused.returncode == 1
    assert "inserted before the last migration" in refused.stderr


def test_a_second_run_adds_nothing_before_and_after_the_push(theirs: Project) -> None:
    theirs.write(OLDER)
    theirs.add()
    files = theirs.names

    before_push = theirs.add()
    theirs.push()
    after_push = theirs.add()

    assert theirs.names == files
    for output in (before_push, after_push):
        assert output.count("present") == len(OWN_NAMES)
        assert "copied" not in output
    assert "up to date" in theirs.push()


def test_a_migration_that_the_project_creates_afterwards_is_accepted(theirs: Project) -> None:
    theirs.add()
    supabase(theirs.folder, "migration", "new", "next")
    theirs.push()

    assert theirs.names == [*copied(), "next"]


def test_an_upgrade_adds_only_what_is_new(
    theirs: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs.add()
    theirs.write(NEWER)
    theirs.push()
    later = tmp_path / "later version"
    shutil.copytree(ROOT / "supabase/migrations", later)
    (later / "20270301000000_add_a_view.sql").write_text(
        "create view public.later with (security_invoker = on) as select 1 as one;\n"
    )
    monkeypatch.setattr("cli.migrations.own_migrations", lambda: tuple(read_folder(later)))

    output = theirs.add()
    theirs.push()

    assert output.count("copied") == 1
    assert theirs.names == [*copied(), "theirs", "prompt_capture_add_a_view"]
    assert theirs.query("select one from public.later") == [(1,)]


def test_rows_of_a_first_version_that_the_project_created_are_adopted(theirs: Project) -> None:
    first_version = Path(__file__).parent / "first_version/as_grown.sql"
    theirs.write(OLDER, first_version.read_text("utf-8"))
    theirs.push()

    theirs.add()
    theirs.push()

    legacy = "select count(*) from public.nlu_prompt_logs where model_version = 'legacy'"
    assert theirs.query(legacy) == [(5,)]


def test_a_reset_of_the_database_applies_everything_again(
    theirs: Project, description: Description
) -> None:
    # As on the platform: the CLI tries to drop the schemas of all other roles.
    with theirs.server.connect("supabase_admin", theirs.database) as admin:
        admin.execute("alter schema auth owner to supabase_admin")
    theirs.write(OLDER)
    theirs.add()
    theirs.write(NEWER)
    theirs.push()

    supabase(theirs.folder, "db", "reset", "--yes", theirs.remote)

    assert "up to date" in theirs.push()
    assert theirs.describe() == description


def test_what_a_database_has_applied_is_copied_under_its_version_there(migrated: Project) -> None:
    output = migrated.add(database_url=migrated.url)
    migrated.write(NEWER)

    assert output.count("copied") == len(MIGRATIONS)
    assert migrated.names == [*OWN_NAMES, "theirs"]
    migrated.push()
    assert migrated.add(database_url=migrated.url).count("present") == len(MIGRATIONS)


def test_a_history_that_the_cli_fetched_is_recognized(migrated: Project) -> None:
    migrated.fetch()

    assert migrated.add().count("present") == len(MIGRATIONS)
    assert migrated.names == OWN_NAMES


def test_fetched_copies_are_recognized(theirs: Project) -> None:
    theirs.add()
    theirs.push()
    theirs.fetch()

    assert theirs.add().count("present") == len(MIGRATIONS)
    assert theirs.names == copied()


def test_copies_that_a_database_has_under_another_version_are_refused_with_the_remedy(
    migrated: Project,
) -> None:
    migrated.add()

    output = migrated.add(database_url=migrated.url, status=1)

    assert all(f"Rename the file to {migration.name}." in output for migration in MIGRATIONS)
    assert migrated.names == copied()


def test_migrations_that_only_the_database_has_are_reported_with_the_harmless_command(
    theirs: Project,
) -> None:
    theirs.write(NEWER)
    theirs.push()
    shutil.rmtree(theirs.migrations)

    output = theirs.add(database_url=theirs.url)

    assert f"that the folder lacks: {NEWER}" in output
    supabase(theirs.folder, "migration", "fetch", "--yes", theirs.remote)
    theirs.push()
    assert theirs.names == ["theirs", *copied()]


def test_a_history_that_an_early_version_of_the_cli_created_is_read(theirs: Project) -> None:
    """Its table has the versions alone. The next push of a later CLI adds the other columns."""
    with theirs.server.connect("postgres", theirs.database) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute(
            "create table supabase_migrations.schema_migrations (version text primary key)"
        )
        connection.execute(
            "insert into supabase_migrations.schema_migrations values (%s), ('20230101000000')",
            (OLDER,),
        )
    theirs.write(OLDER)

    output = theirs.add(database_url=theirs.url)

    assert "that the folder lacks: 20230101000000." in output
    assert theirs.names == ["theirs", *copied()]


def test_a_dry_run_writes_nothing(theirs: Project) -> None:
    output = theirs.add("--dry-run")

    assert output.count("would copy") == len(MIGRATIONS)
    assert not theirs.migrations.exists()


def test_the_database_password_is_in_no_message(theirs: Project) -> None:
    url = "postgresql://postgres:marmalade@127.0.0.1:1/postgres"

    output = theirs.add(database_url=url, status=1)

    assert "cannot be read" in output
    assert "marmalade" not in output
