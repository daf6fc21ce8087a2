"""Rows whose write takes longer than the store allows."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from infra.local.stack import Stack

_SLEEP = """
create function public.sleep() returns trigger language plpgsql as
  $$ begin perform pg_sleep(20); return new; end $$;
create trigger before_00_sleep before insert on public.nlu_prompt_logs
  for each row when (new.prompt like {}) execute function public.sleep();
"""


@contextmanager
def slow_rows(stack: Stack, pattern: str) -> Iterator[None]:
    """Make the database cancel every write of a text like this (SQL's `like`), after 2 seconds."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(_SLEEP).format(sql.Literal(pattern)))
        try:
            yield
        finally:
            connection.execute("drop function public.sleep() cascade")


@contextmanager
def short_statements(stack: Stack, timeout: str) -> Iterator[None]:
    """Make the database cancel every write of the function after this time."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:

        def limit(value: str) -> None:
            connection.execute(
                sql.SQL("alter role prompt_writer set statement_timeout = {}").format(
                    sql.Literal(value)
                )
            )
            connection.execute("notify pgrst, 'reload config'")

        (settings,) = connection.execute(
            "select rolconfig from pg_roles where rolname = 'prompt_writer'"
        ).fetchone() or ([],)
        before = dict(setting.split("=", 1) for setting in settings)["statement_timeout"]
        limit(timeout)
        try:
            yield
        finally:
            limit(before)
