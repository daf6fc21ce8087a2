"""Which migrations are copied into another project, under which versions, and what is refused."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.migration_copies import (
    Migration,
    MigrationConflict,
    Plan,
    find_copies,
    own_migrations,
    plan_copies,
)

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = Migration("20260101000000", "tables", "create table public.a ();\n\ncreate table b ();\n")
SECOND = Migration("20260101000001", "views", "create view c as select 1;\n")
OWN = (FIRST, SECOND)


def theirs(*versions: str) -> list[Migration]:
    return [Migration(version, "theirs", "select 1;\n") for version in versions]


def plan(folder: list[Migration], database: list[Migration] | None = None) -> Plan:
    return plan_copies(folder, database or [], OWN, NOW)


def copies(folder: list[Migration] | None = None) -> list[Migration]:
    return list(plan(folder or []).new)


def changed(migration: Migration, **changes: str) -> Migration:
    return Migration(**{**vars(migration), **changes})


def test_the_migrations_of_this_repository_are_found() -> None:
    files = sorted((ROOT / "supabase/migrations").glob("*.sql"))

    assert [migration.stem for migration in own_migrations()] == [file.stem for file in files]


def test_an_installed_distribution_has_the_migrations(tmp_path: Path) -> None:
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run([sys.executable, *build], cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    installed, project = tmp_path / "installed", tmp_path / "project"
    zipfile.ZipFile(wheel).extractall(installed)
    (project / "supabase").mkdir(parents=True)

    subprocess.run(
        [sys.executable, "-c", "from cli.main import app; app()", "migrations", "add", "--to", "."],
        cwd=project,
        env={"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )

    copied = sorted((project / "supabase/migrations").glob("*.sql"))
    assert len(copied) == len(own_migrations())
    for file, original in zip(copied, own_migrations(), strict=True):
        assert file.read_text("utf-8").endswith(original.sql)


@pytest.mark.parametrize(
    ("existing", "versions"),
    [
        ([], ["20270102030403", "20270102030404"]),
        (["20260101000000"], ["20270102030403", "20270102030404"]),
        (["20270102030404"], ["20270102030405", "20270102030406"]),
        (["20280131235959"], ["20280201000000", "20280201000001"]),
        (["0001", "0002"], ["20270102030403", "20270102030404"]),
        (["3"], ["40000000000000", "40000000000001"]),
        (["0"], ["20270102030403", "20270102030404"]),
        (["20270102"], ["20270103000000", "20270103000001"]),
        (["20270102", "20270102030405"], ["20270103000000", "20270103000001"]),
        (["202701"], ["20270200000000", "20270200000001"]),
        (["20269"], ["20270102030403", "20270102030404"]),
        (["202701020304050"], ["202701020304051", "202701020304052"]),
        (["99991231235959"], ["99991231235960", "99991231235961"]),
        (["20271332000000"], ["20271332000001", "20271332000002"]),
    ],
)
def test_versions_come_after_every_other_as_text_and_as_files(
    existing: list[str], versions: list[str]
) -> None:
    new = copies(theirs(*existing))

    assert [copy.version for copy in new] == versions
    assert sorted(existing + versions)[-2:] == versions
    files = [migration.stem for migration in [*theirs(*existing), *new]]
    assert sorted(files)[-2:] == [copy.stem for copy in new]


@pytest.mark.parametrize("version", ["9", "9999", "99999999999999"])
def test_a_version_that_none_can_follow_is_refused_with_the_remedy(version: str) -> None:
    assert f"No version comes after {version}_theirs.sql" in refusal(theirs(version))


def test_versions_come_after_those_that_only_the_database_has() -> None:
    new = plan(theirs("20260101000000"), theirs("20280101000000")).new

    assert [copy.version for copy in new] == ["20280101000001", "20280101000002"]


def test_a_copy_names_its_original_and_its_content_in_its_first_line() -> None:
    copy = copies()[0]

    header, _, sql = copy.sql.partition("\n")
    assert re.fullmatch(rf"-- prompt-capture migration {FIRST.stem} sha256:[0-9a-f]{{64}}", header)
    assert sql == FIRST.sql
    assert copy.digest == FIRST.digest


@pytest.mark.parametrize(
    "change",
    [
        {"name": "renamed"},
        {"version": "20260505000000"},
        {"sql": FIRST.sql},
        {"sql": FIRST.sql, "name": "renamed"},
    ],
)
def test_a_copy_is_recognized_by_its_header_its_name_or_its_content(
    change: dict[str, str],
) -> None:
    copy = changed(copies()[0], **change)

    assert find_copies([copy, *theirs("1")], OWN) == {FIRST: [copy], SECOND: []}
    assert plan([copy]).present == ((FIRST, copy),)


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda sql: sql.replace("\n", "\r\n"),
        lambda sql: sql.replace("\n\n", "\n"),
        lambda sql: sql.rstrip("\n;") + "\n",
    ],
)
def test_a_copy_whose_line_ends_changed_is_not_edited(rewrite: Callable[[str], str]) -> None:
    copy = copies()[0]

    assert plan([changed(copy, sql=rewrite(copy.sql))]).present


def test_a_database_that_did_not_record_the_sql_is_understood() -> None:
    applied = [changed(copy, sql="") for copy in copies()]

    assert [copy.version for copy in plan([], applied).new] == [one.version for one in applied]


def refusal(folder: list[Migration], database: list[Migration] | None = None) -> str:
    with pytest.raises(MigrationConflict) as refused:
        plan(folder, database)
    return str(refused.value)


def test_every_edited_copy_is_refused_with_the_remedy() -> None:
    edited = [changed(copy, sql=copy.sql + "-- edited") for copy in copies()]

    message = refusal(edited)

    assert [f"{copy.stem}.sql was edited" in message for copy in edited] == [True, True]
    assert "Restore it from version control" in message


def test_a_copy_without_its_header_that_was_edited_is_not_added_twice() -> None:
    assert "was edited" in refusal([changed(copies()[0], sql="create table public.a (b int);")])


def test_a_copy_from_another_version_is_not_taken_for_an_edited_one() -> None:
    others = (changed(FIRST, sql="create table public.a (b int);\n"), SECOND)
    copy = plan_copies([], [], others, NOW).new[0]

    assert "from another version of Prompt Capture" in refusal([copy])


def test_two_copies_of_one_migration_are_refused() -> None:
    copy = copies()[0]

    assert "more than once" in refusal([copy, changed(copy, version="20280101000000")])


def test_a_missing_file_before_a_present_one_is_refused() -> None:
    assert "belongs before it is missing" in refusal(copies()[1:])


def test_copies_in_another_order_are_refused() -> None:
    first, second = copies()

    assert "wrong order" in refusal([changed(first, version="20280101000000"), second])


def test_a_copy_under_another_version_than_in_the_database_is_to_be_renamed() -> None:
    folder = copies()
    database = [changed(copy, version=f"2020010100000{n}") for n, copy in enumerate(folder)]

    message = refusal(folder, database)

    assert all(f"Rename the file to {applied.stem}.sql." in message for applied in database)


def real_copies() -> list[str]:
    """Return the SQL of copies of the real migrations."""
    return [copy.sql for copy in plan_copies([], [], own_migrations(), NOW).new]


def real_plan(*files: str) -> Plan:
    """Plan copies of the real migrations into a folder that has these files."""
    folder = [
        Migration(str(version), "theirs", sql) for version, sql in enumerate(files, 20270101000000)
    ]
    return plan_copies(folder, [], own_migrations(), NOW)


@pytest.mark.parametrize(
    "sql",
    [
        "create table public.intent_catalogue (intent text);",
        'CREATE TABLE IF NOT EXISTS "public"."intent_catalogue" (\n "intent" "text"\n);',
        "create table public.report (); create unlogged table intent_catalogue ();",
        "create table public.intent_catalogue as select 'email' as intent;",
        "create or replace view public.live_accuracy as select 1;",
        "create table private.settings (name text);",
        "alter table drafts.intent_catalogue set schema public;",
        "alter table if exists only public.intents rename to intent_catalogue;",
    ],
)
def test_a_file_that_creates_one_of_the_relations_is_refused(sql: str) -> None:
    with pytest.raises(MigrationConflict, match=r"20270101000000_theirs\.sql creates") as refused:
        real_plan(f"create schema x;\n{sql}\n")

    assert "supabase db pull" in str(refused.value)


def test_a_dump_of_everything_names_what_it_creates() -> None:
    with pytest.raises(MigrationConflict, match=r"intent_catalogue, .*review_queue") as refused:
        real_plan("".join(original.sql for original in own_migrations()))

    assert "nlu_prompt_logs" not in str(refused.value)


@pytest.mark.parametrize(
    "sql",
    [
        "create table report as select intent from public.intent_catalogue;",
        "create table public.intent_catalogue_copy (like public.intent_catalogue including all);",
        "create table reports.intent_catalogue (intent text);",
        'create table public."Intent_Catalogue" (intent text);',
        "create temporary table intent_catalogue as select 1;",
        "create view report as select * from public.intent_catalogue;",
        "create policy mine on public.intent_catalogue for select using (true);",
        "create index mine on public.intent_catalogue (intent);",
        "create trigger mine after insert on public.intent_catalogue execute function f();",
        "comment on table public.intent_catalogue is 'create table public.intent_catalogue ()';",
        "-- create table public.intent_catalogue ();\nselect 1;",
        "/* /* nested */ create table public.intent_catalogue (); */ select 1;",
        "select $$ create table public.intent_catalogue (); $$;",
        "select e'it\\'s; create table public.intent_catalogue ();';",
        """select 'it''s; create table public.intent_catalogue ();', "a;""b";""",
        "create function f() returns int language sql as $f$ select 1; $$ $f$;",
        "alter table public.intent_catalogue add column mine text;",
        "alter table public.intent_catalogue rename column intent to name;",
        "insert into notes values ('drop table public.intent_catalogue;');",
        "drop policy mine on public.intent_catalogue;",
        "drop table if exists public.intent_catalogue_copy, reports.intent_catalogue cascade;",
    ],
)
def test_a_file_that_only_mentions_the_relations_does_not_disturb(sql: str) -> None:
    assert len(real_plan(sql).new) == len(own_migrations())
    assert real_plan(*real_copies(), sql).new == ()


@pytest.mark.parametrize(
    "files",
    [
        ["create table public.intent_catalogue (); drop table public.intent_catalogue;"],
        ["create table intent_catalogue ();", "drop table if exists a, public.intent_catalogue;"],
        ["create table intent_catalogue ();", "alter table intent_catalogue rename to intents;"],
        ["create view live_accuracy as select 1;", "drop view live_accuracy cascade;"],
        ["drop table if exists public.intent_catalogue;"],
        ["create table public.nlu_prompt_logs (id uuid);"],
    ],
)
def test_what_is_gone_before_the_copies_does_not_disturb(files: list[str]) -> None:
    assert len(real_plan(*files).new) == len(own_migrations())


@pytest.mark.parametrize(
    "sql",
    [
        "drop table public.intent_catalogue;",
        'DROP TABLE IF EXISTS "public"."mine", "public"."intent_catalogue" CASCADE;',
        "alter table public.intent_catalogue set schema archive;",
        "drop materialized view a; drop view if exists public.live_accuracy;",
        "drop table public.nlu_prompt_logs;",
    ],
)
def test_a_file_that_drops_a_relation_of_the_copies_is_refused(sql: str) -> None:
    with pytest.raises(MigrationConflict, match=r"20270101000003_theirs\.sql drops ") as refused:
        real_plan(*real_copies(), sql)

    assert "supabase db diff" in str(refused.value)


def test_a_newer_version_of_this_package_does_not_disturb() -> None:
    newer = (*OWN, Migration("20260101000002", "indexes", "create index on a (b);\n"))
    folder = list(plan_copies([], [], newer, NOW).new)

    assert plan(folder).new == ()


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["migrations", "add", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize("has_configuration", [True, False])
@pytest.mark.parametrize("part", ["", "supabase", "supabase/migrations"])
def test_the_folder_may_be_the_project_or_its_folders_of_migrations(
    tmp_path: Path, part: str, has_configuration: bool
) -> None:
    (tmp_path / "supabase/migrations").mkdir(parents=True)
    if has_configuration:
        (tmp_path / "supabase/config.toml").touch()

    assert run("--to", str(tmp_path / part))[0] == 0

    files = list((tmp_path / "supabase/migrations").glob("*_prompt_capture_*.sql"))
    assert len(files) == len(own_migrations())


def test_a_folder_without_supabase_is_refused(tmp_path: Path) -> None:
    status, output = run("--to", str(tmp_path))

    assert status == 2
    assert "supabase init" in output


def test_the_folder_of_this_repository_is_refused() -> None:
    status, output = run("--to", str(ROOT))

    assert status == 2
    assert "copied from" in output


@pytest.mark.parametrize("kind", ["folder", "broken link"])
def test_what_is_named_like_a_migration_and_cannot_be_read_is_refused(
    tmp_path: Path, kind: str
) -> None:
    entry = tmp_path / "supabase/migrations/20260101000000_theirs.sql"
    entry.parent.mkdir(parents=True)
    if kind == "folder":
        entry.mkdir()
    else:
        entry.symlink_to(tmp_path / "missing")

    status, output = run("--to", str(tmp_path))

    assert status == 1
    assert "20260101000000_theirs.sql is named like a migration, but cannot be read" in output


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "supabase").mkdir()
    (tmp_path / "supabase/migrations").touch()

    status, output = run("--to", str(tmp_path))

    assert status == 2
    assert "cannot be written" in output


def test_a_long_run_of_white_space_is_no_header() -> None:
    text = " " * 2_000_000 + "\n-- a comment"

    assert len(Migration("20270101000000", "notes", text).digest) == 64
