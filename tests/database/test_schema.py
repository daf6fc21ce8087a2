"""The migrations create exactly what supabase/schemas declares, in any kind of project."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import errors

from infra.schema import BASELINE, baseline, schema_files

from .catalog import describe
from .server import ROOT, Connection, Server, migrate, run_script

Description = dict[str, list[tuple[object, ...]]]

FIRST_VERSIONS = Path(__file__).parent / "first_version"
GUIDE = ROOT / "docs/how-to/take-over-an-existing-table.md"

PROJECT_OBJECTS = """
create table public.groceries (id bigint generated always as identity primary key, name text);
create view public.grocery_names with (security_invoker = on) as select name from public.groceries;
create schema private;
create table private.audit_trail (id bigint primary key);
create function private.touch() returns void language sql as 'select 1';
create function public.count_groceries() returns bigint language sql
  as 'select count(*) from public.groceries';
grant usage on schema private to service_role;
grant select on private.audit_trail to service_role;
grant execute on function private.touch() to authenticated;
select cron.schedule('nightly groceries', '0 3 * * *', 'select private.touch()');
create schema supabase_migrations;
create table supabase_migrations.schema_migrations (version text primary key, name text);
insert into supabase_migrations.schema_migrations
values ('20250101000000', 'older'), ('20991231000000', 'newer');
insert into public.groceries (name) values ('keep me');
"""
PROJECT_NAMES = ("grocer", "audit_trail", "touch()")


def apply_schemas(connection: Connection) -> None:
    """Run the declared schema as one transaction."""
    with connection.transaction():
        for file in schema_files():
            connection.execute(file.read_bytes())


def is_project_object(row: tuple[object, ...]) -> bool:
    """Return whether a row of a description is about an object of the project."""
    return any(name in str(row) for name in PROJECT_NAMES)


@pytest.fixture
def dashboard(server: Server, project: str) -> Iterator[Connection]:
    """The dashboard's connection to a new project, before any migration."""
    with server.connect("postgres", project) as connection:
        yield connection


def test_the_baseline_migration_is_current() -> None:
    assert BASELINE.read_text("utf-8") == baseline(), "Run `make schema`."


def test_the_migrations_create_what_the_schemas_declare(
    dashboard: Connection, description: Description
) -> None:
    apply_schemas(dashboard)
    assert describe(dashboard) == description


def test_the_schemas_end_as_the_role_that_applied_them(dashboard: Connection) -> None:
    apply_schemas(dashboard)
    assert dashboard.execute("select current_user").fetchone() == ("postgres",)


def test_a_project_with_other_objects_gets_the_same_schema_and_keeps_its_objects(
    server: Server, dashboard: Connection, project: str, description: Description
) -> None:
    dashboard.execute(PROJECT_OBJECTS.encode())
    before = describe(dashboard)
    history = "select * from supabase_migrations.schema_migrations order by 1"
    versions = dashboard.execute(history.encode()).fetchall()

    migrate(dashboard)

    after = describe(dashboard)
    created = {
        part: [row for row in rows if not is_project_object(row)] for part, rows in after.items()
    }
    assert created == description
    before, after = (
        {part: [row for row in rows if is_project_object(row)] for part, rows in parts.items()}
        for parts in (before, after)
    )
    assert after == before
    assert dashboard.execute("select name from public.groceries").fetchall() == [("keep me",)]
    assert dashboard.execute(history.encode()).fetchall() == versions


@pytest.mark.parametrize("taken", ["private.settings", "public.review_queue"])
def test_a_name_that_is_taken_is_reported_before_anything_changes(
    dashboard: Connection, taken: str
) -> None:
    dashboard.execute(f"create schema if not exists private; create table {taken} (id integer)")
    before = describe(dashboard)
    with pytest.raises(errors.RaiseException, match=re.escape(taken)) as refused:
        migrate(dashboard)
    assert "Rename or drop" in str(refused.value.diag.message_hint)
    assert describe(dashboard) == before


RELATIONS = """
select oid::regclass::text from pg_class
where relkind in ('r', 'v') and relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  and oid <> 'public.nlu_prompt_logs'::regclass"""
FUNCTIONS = "select distinct proname from pg_proc where pronamespace = 'public'::regnamespace"


@pytest.mark.parametrize(
    ("names", "definition"),
    [
        (RELATIONS, "create table {} (id integer)"),
        (FUNCTIONS, "create function public.{}() returns void language sql as 'select 1'"),
    ],
)
def test_a_first_version_stays_where_any_name_of_the_schema_is_taken(
    server: Server, template: str, dashboard: Connection, names: str, definition: str
) -> None:
    with server.connect("postgres", template) as migrated:
        taken = {str(name) for (name,) in migrated.execute(names.encode()).fetchall()}
    run_script(dashboard, FIRST_VERSIONS / "as_documented.sql")
    dashboard.execute("create schema if not exists private")
    for name in taken:
        dashboard.execute(definition.format(name).encode())

    with pytest.raises(errors.RaiseException) as refused:
        migrate(dashboard)

    message = str(refused.value.diag.message_primary)
    reported = message.partition(": ")[2].removesuffix(".").split(", ")
    assert {name.removeprefix("public.") for name in reported} == {
        name.removeprefix("public.") for name in taken
    }
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 3


@pytest.fixture
def pre_release(server: Server, dashboard: Connection) -> Iterator[Connection]:
    """A database of a pre-release version; its role is dropped afterwards."""
    run_script(dashboard, FIRST_VERSIONS / "pre_release.sql")
    yield dashboard
    with server.connect("supabase_admin", dashboard.info.dbname) as admin:
        if admin.execute("select from pg_roles where rolname = 'prompt_keeper'").rowcount:
            admin.execute("drop owned by prompt_keeper cascade")
            admin.execute("drop role prompt_keeper")


def test_a_pre_release_database_is_refused_and_left_as_it_is(pre_release: Connection) -> None:
    before = describe(pre_release)
    with pytest.raises(errors.RaiseException, match="pre-release") as refused:
        migrate(pre_release)
    assert str(GUIDE.relative_to(ROOT)) in str(refused.value.diag.message_hint)
    assert describe(pre_release) == before


def test_the_guide_replaces_a_pre_release_database_and_keeps_its_rows(
    pre_release: Connection, description: Description
) -> None:
    (script,) = re.findall(r"```sql\n(-- Remove.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    pre_release.execute(script.encode())
    migrate(pre_release)
    assert describe(pre_release) == description
    row = pre_release.execute(
        "select prompt, model_version, corrected_intent from public.nlu_prompt_logs"
    )
    assert row.fetchall() == [("help me", "legacy", "help")]


def test_each_function_is_defined_once_under_its_owner() -> None:
    text = "\n".join(file.read_text("utf-8") for file in schema_files())
    names = re.findall(r"^create function ([\w.]+)", text, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert "create or replace" not in text
    assert "owner to" not in text


def test_triggers_are_listed_in_the_order_in_which_they_fire(server: Server, template: str) -> None:
    """The comment in 04_prompt_logs.sql that explains the order names every trigger, in order."""
    (comment,) = re.findall(
        r"-- What a write sets off -+\n((?:--.*\n)+)",
        Path(schema_files()[3]).read_text("utf-8"),
    )
    listed: dict[str, list[str]] = {}
    event = ""
    for line in comment.splitlines():
        match = re.match(r"--   (\w*) +\(?((?:before|after)_\d\d_\w+)", line)
        if match:
            event = match.group(1) or event
            listed.setdefault(event, []).append(match.group(2))
    with server.connect("postgres", template) as connection:
        fired = {
            event: [
                str(name)
                for (name,) in connection.execute(
                    """select tgname from pg_trigger
                       where tgrelid = 'public.nlu_prompt_logs'::regclass and not tgisinternal
                         and tgtype & %s <> 0
                       order by tgtype & 2 = 0, (tgtype & 2 <> 0) = (tgtype & 1 <> 0),
                           tgname collate "C" """,
                    [bit],
                ).fetchall()
            ]
            for event, bit in (("insert", 4), ("delete", 8), ("update", 16), ("truncate", 32))
        }
    assert listed == fired


def test_advisory_locks_are_named_in_one_file() -> None:
    first, *others = schema_files()
    assert "pg_advisory_xact_lock" in first.read_text("utf-8")
    migrations = (ROOT / "supabase/migrations").glob("*.sql")
    for file in [*others, *(path for path in migrations if path != BASELINE)]:
        assert "advisory" not in file.read_text("utf-8"), file.name
