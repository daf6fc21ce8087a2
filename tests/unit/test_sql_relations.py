"""Only statements create and drop relations: nothing in a comment, a string or a function does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.sql_relations import RelationChange, find_relation_changes


def changes(sql: str) -> list[str]:
    """Return what a script creates (+) and drops (-)."""
    found: list[RelationChange] = list(find_relation_changes(sql))
    return [f"{'+' if change.is_created else '-'}{change.relation}" for change in found]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("create table a ()", ["+public.a"]),
        ("CREATE TABLE IF NOT EXISTS s.a ();", ["+s.a"]),
        ('create table "S"."a""b;" ();', ['+S.a"b;']),
        ('create table "only" (); create table "view" ();', ["+public.only", "+public.view"]),
        ("create table Große_Tabelle ();", ["+public.große_tabelle"]),
        ("create table db . s . a ();", ["+s.a"]),
        ("create table a partition of b for values in (1);", ["+public.a"]),
        ("create unlogged table a ();create foreign table s.b ();", ["+public.a", "+s.b"]),
        ("create view a as select 1", ["+public.a"]),
        ("create or replace view a as select 1", ["+public.a"]),
        ("create materialized view if not exists s.a as select 1;", ["+s.a"]),
        ("create recursive view a (n) as select 1;", ["+public.a"]),
        ("create sequence if not exists s.a;", ["+s.a"]),
        ("create temp table a (); create temporary view b as select 1;", []),
        ("create global temporary table a ();", []),
        ("create index a on b (c); create type t as enum ('table');", []),
        ("create function table_a() returns int return 1;", []),
        ("create foreign data wrapper a; create table", []),
        ("drop table a", ["-public.a"]),
        ("drop table if exists a, s.b cascade;", ["-public.a", "-s.b"]),
        ("drop view v restrict;", ["-public.v"]),
        ("drop materialized view a, b;", ["-public.a", "-public.b"]),
        ("drop foreign table a;", ["-public.a"]),
        ("drop policy a on b; drop index a; drop trigger t on a; drop owned by r;", []),
        ("alter table if exists only s.a rename to b;", ["-s.a", "+s.b"]),
        ('alter view a set schema "S";', ["-public.a", "+S.a"]),
        ("alter table a rename column b to c; alter table a rename b to c;", []),
        ("alter table a add column b int; alter table a set (x = 1);", []),
        ("\\restrict x\ncreate table a ();\n\\unrestrict x", ["+public.a"]),
        (";;; create table a ();;", ["+public.a"]),
        ("", []),
    ],
)  # fmt: skip
def test_statements_are_understood(sql: str, expected: list[str]) -> None:
    assert changes(sql) == expected


HIDING = [
    "-- {}\n",
    "--{}",
    "/* {} */",
    "/* /* a */ {} */",
    "/* {} ",
    "select '{}';",
    "select 'it''s {}';",
    "select e'it\\'s {}';",
    "select E'\\\\'; select E'\\\\\\' {}';",
    "select '\\'; select '{}';",
    "select '{}",
    'select 1 as "{}";',
    'select 1 as "a"" {}";',
    "do $$ begin {} end $$;",
    "create function f() returns void language sql as $body$ select '$$'; {} $body$;",
    "create function f() returns void language sql as $ä_1$ {} $ä_1$;",
    "select $$ {}",
    "select $a$ $b$ $a $A$ {} $a$;",
]


@pytest.mark.parametrize("hiding", HIDING)
def test_what_is_no_statement_changes_nothing(hiding: str) -> None:
    assert changes(hiding.format("; create table hidden (); drop table hidden;")) in (
        [],
        ["+public.after"],
    )


@pytest.mark.parametrize("hiding", [each for each in HIDING if each.endswith((";", "\n", "*/"))])
def test_a_statement_after_it_is_found(hiding: str) -> None:
    sql = hiding.format("; create table hidden (); drop table hidden;")

    assert changes(f"{sql} create table after ();") == ["+public.after"]


def test_names_may_contain_dollars() -> None:
    assert changes("create table a$b$c (); create table d$ ();") == ["+public.a$b$c", "+public.d$"]


@given(st.text(st.sampled_from("'\"$;-/*\\ eE\na.,createtablédrop()")))
def test_any_text_is_read(text: str) -> None:
    changes(text)


@pytest.mark.parametrize(
    "text", ["'", '"', "$$", "$a$", "/*", "*/", "-", "e'", "\\", "create table ", "a."]
)
def test_the_time_grows_with_the_length(text: str) -> None:
    """Quadratic time would exceed the limit of each test."""
    changes(text * 300_000)
