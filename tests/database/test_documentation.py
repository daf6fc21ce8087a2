"""The pages about the database and about reviews agree with the database."""

import re

import psycopg
import pytest

from .actors import (
    ANONYMOUS,
    DASHBOARD,
    EXPORTER,
    MONITOR,
    REGISTRAR,
    SERVICE,
    USER,
    WRITER,
    Actor,
    connect_as,
)
from .rows import COLUMNS
from .server import MIGRATIONS, ROOT, Server
from .test_rights import STATEMENTS, VIEWS

DOCUMENT = (ROOT / "docs/reference/database.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/how-to/review.md").read_text(encoding="utf-8")
DOCUMENTED_ACTORS = [
    ANONYMOUS, USER, WRITER, EXPORTER, REGISTRAR, MONITOR, SERVICE, DASHBOARD,
]  # fmt: skip
ROLES = [actor.role for actor in DOCUMENTED_ACTORS]
RIGHTS = re.findall(
    r"^\| `([\w.]+)` (select|insert|update|delete|truncate) \| (.+) \|$", DOCUMENT, re.MULTILINE
)
FUNCTIONS = re.findall(r"^\| `([\w.]+\([\w, \[\]]*\))` execute \| (.+) \|$", DOCUMENT, re.MULTILINE)


def test_the_documented_rights_cover_every_table_and_verb() -> None:
    documented = [(table.rpartition(".")[2], verb) for table, verb, _ in RIGHTS]
    assert sorted(documented) == sorted([*STATEMENTS, *((view, "select") for view in VIEWS)])


@pytest.mark.parametrize(
    ("table", "verb", "cells"), RIGHTS, ids=[f"{table} {verb}" for table, verb, _ in RIGHTS]
)
def test_the_documented_rights_to_tables_are_the_granted_ones(
    server: Server, template: str, table: str, verb: str, cells: str
) -> None:
    # These verbs can be granted on single columns, the others only on whole tables.
    by_column = verb in {"select", "insert", "update"}
    check = "has_any_column_privilege" if by_column else "has_table_privilege"
    documented = [cell.strip() != "no" for cell in cells.split("|")]
    with server.connect("postgres", template) as dashboard:
        granted = [
            dashboard.execute(f"select {check}(%s, %s, %s)", [role, table, verb]) for role in ROLES
        ]
        assert documented == [cursor.fetchone() == (True,) for cursor in granted]


@pytest.mark.parametrize("actor", DOCUMENTED_ACTORS, ids=str)
@pytest.mark.parametrize(("function", "cells"), FUNCTIONS)
def test_the_documented_rights_to_functions_are_those_that_a_call_meets(
    server: Server, template: str, function: str, cells: str, actor: Actor
) -> None:
    """A function may be granted, and still end in 42501 where it calls another."""
    name, _, types = function.rstrip(")").partition("(")
    arguments = ", ".join(f"null::{data_type}" for data_type in types.split(", ") if data_type)
    is_documented = cells.split("|")[DOCUMENTED_ACTORS.index(actor)].strip() == "yes"
    state: str | None = None
    with connect_as(server, template, actor) as connection:
        try:
            connection.execute(f"select {name}({arguments})".encode())
        except psycopg.Error as error:
            state = error.sqlstate
    assert is_documented is (state != "42501")


def test_every_function_that_a_role_of_the_api_may_call_is_documented(
    server: Server, template: str
) -> None:
    with server.connect("postgres", template) as dashboard:
        rows = dashboard.execute(
            """select 'public.' || proname || '(' || coalesce((
                 select string_agg(
                   replace(format_type(type, null), 'timestamp with time zone', 'timestamptz'), ', '
                   order by position
                 ) from unnest(proargtypes) with ordinality as types (type, position)
               ), '') || ')'
               from pg_proc
               where pronamespace = 'public'::regnamespace
                 and oid not in (select objid from pg_depend where deptype = 'e')"""
        ).fetchall()
    documented = {function for function, _ in FUNCTIONS}
    assert {str(function) for (function,) in rows} - documented == set()


def test_every_column_migration_and_index_is_documented(server: Server, template: str) -> None:
    with server.connect("postgres", template) as dashboard:
        rows = dashboard.execute(
            """select indexrelid::regclass::text from pg_index
               where indrelid = 'public.nlu_prompt_logs'::regclass and not indisprimary"""
        ).fetchall()
    indexes = [str(index) for (index,) in rows]
    migrations = [migration.stem.partition("_")[2] for migration in MIGRATIONS]
    missing = [name for name in (*COLUMNS, *migrations, *indexes) if f"`{name}`" not in DOCUMENT]
    assert missing == []


def test_every_view_and_column_has_a_comment(server: Server, template: str) -> None:
    with server.connect("postgres", template) as dashboard:
        without_comment = dashboard.execute(
            """select attrelid::regclass::text, attname from pg_attribute
               join pg_class on pg_class.oid = attrelid
               where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
                 and relkind in ('r', 'v') and attnum > 0 and not attisdropped
                 and coalesce(
                   case when relkind = 'r' then col_description(attrelid, attnum) end,
                   case when relkind = 'v' then obj_description(attrelid) end
                 ) is null"""
        ).fetchall()
    assert without_comment == [("intent_catalogue", "created_at")]


def test_the_review_guide_names_every_snippet_and_its_images_exist() -> None:
    snippets = {path.stem for path in (ROOT / "supabase/snippets").glob("*.sql")}
    assert set(re.findall(r"^\|[^|]+\| `([\w-]+)` \|", GUIDE, re.MULTILINE)) == snippets
    images = re.findall(r"\]\(\.\./([\w-]+\.svg)\)", GUIDE)
    assert images
    assert [image for image in images if not (ROOT / "docs" / image).is_file()] == []


def test_every_setting_is_documented(server: Server, template: str) -> None:
    with server.connect("postgres", template) as dashboard:
        columns = dashboard.execute("select * from private.settings limit 0").description
    names = [column.name for column in columns or () if column.name != "only_row"]
    assert [name for name in names if f"`{name}`" not in SETTINGS] == []
