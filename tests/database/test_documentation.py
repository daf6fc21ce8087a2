"""`docs/database.md` says what is so."""

import re

import pytest

from .actors import ANONYMOUS, DASHBOARD, EXPORTER, SERVICE, USER, WRITER
from .rows import COLUMNS
from .server import MIGRATIONS, ROOT, Server
from .test_rights import QUESTIONS, VIEWS

DOCUMENT = (ROOT / "docs/database.md").read_text(encoding="utf-8")
ROLES = [actor.role for actor in (ANONYMOUS, USER, WRITER, EXPORTER, SERVICE, DASHBOARD)]
RIGHTS = re.findall(
    r"^\| `([\w.]+)` (select|insert|update|delete|truncate) \| (.+) \|$", DOCUMENT, re.MULTILINE
)
FUNCTIONS = re.findall(r"^\| `([\w.]+\([\w, \[\]]*\))` execute \| (.+) \|$", DOCUMENT, re.MULTILINE)


def test_the_table_of_rights_covers_every_table_and_verb() -> None:
    documented = [(table.rpartition(".")[2], verb) for table, verb, _ in RIGHTS]
    assert sorted(documented) == sorted([*QUESTIONS, *((view, "select") for view in VIEWS)])


@pytest.mark.parametrize(
    ("table", "verb", "cells"), RIGHTS, ids=[f"{table} {verb}" for table, verb, _ in RIGHTS]
)
def test_the_table_of_rights_is_true(
    server: Server, template: str, table: str, verb: str, cells: str
) -> None:
    # Some rights can be granted on single columns, the others on whole tables only.
    by_column = verb in {"select", "insert", "update"}
    check = "has_any_column_privilege" if by_column else "has_table_privilege"
    documented = [cell.strip() != "no" for cell in cells.split("|")]
    with server.connect("postgres", template) as dashboard:
        granted = [
            dashboard.execute(f"select {check}(%s, %s, %s)", [role, table, verb]) for role in ROLES
        ]
        assert documented == [cursor.fetchone() == (True,) for cursor in granted]


@pytest.mark.parametrize(("function", "cells"), FUNCTIONS)
def test_the_table_of_functions_is_true(
    server: Server, template: str, function: str, cells: str
) -> None:
    with server.connect("postgres", template) as dashboard:
        granted = [
            dashboard.execute("select has_function_privilege(%s, %s, 'execute')", [role, function])
            for role in ROLES
        ]
        assert [cell.strip() == "yes" for cell in cells.split("|")] == [
            cursor.fetchone() == (True,) for cursor in granted
        ]


def test_every_column_migration_and_index_is_named(server: Server, template: str) -> None:
    with server.connect("postgres", template) as dashboard:
        found = dashboard.execute(
            """select indexrelid::regclass::text from pg_index
               where indrelid = 'public.nlu_prompt_logs'::regclass and not indisprimary"""
        ).fetchall()
    indexes = [str(index) for (index,) in found]
    migrations = [migration.stem.partition("_")[2] for migration in MIGRATIONS]
    missing = [name for name in (*COLUMNS, *migrations, *indexes) if f"`{name}`" not in DOCUMENT]
    assert missing == []


def test_every_table_and_column_has_a_comment_unless_its_name_says_it(
    server: Server, template: str
) -> None:
    with server.connect("postgres", template) as dashboard:
        silent = dashboard.execute(
            """select attrelid::regclass::text, attname from pg_attribute
               join pg_class on pg_class.oid = attrelid
               where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
                 and relkind in ('r', 'v') and attnum > 0 and not attisdropped
                 and coalesce(
                   case when relkind = 'r' then col_description(attrelid, attnum) end,
                   case when relkind = 'v' then obj_description(attrelid) end
                 ) is null"""
        ).fetchall()
    assert silent == [("intent_catalogue", "created_at")]


def test_the_review_guide_names_what_there_is(server: Server, template: str) -> None:
    guide = (ROOT / "docs/review.md").read_text(encoding="utf-8")
    snippets = {path.stem for path in (ROOT / "supabase/snippets").glob("*.sql")}
    assert set(re.findall(r"^\|[^|]+\| `([\w-]+)` \|", guide, re.MULTILINE)) == snippets
    for picture in re.findall(r"\]\(([\w-]+\.svg)\)", guide):
        assert (ROOT / "docs" / picture).is_file()
    with server.connect("postgres", template) as dashboard:
        settings = dashboard.execute("select * from private.settings limit 0").description
    named = [column.name for column in settings or () if column.name != "only_row"]
    assert [name for name in named if f"`{name}`" not in guide] == []
