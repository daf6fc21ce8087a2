"""The migrations give the same rights whatever the project looked like before them."""

import pytest
from psycopg import errors

from .catalog import describe
from .server import MIGRATIONS, PLATFORM, Server, migrate, run_script

# How projects were made before tables had to be exposed one by one.
OLD_DEFAULTS = """
    alter default privileges in schema public
      grant all on tables to postgres, anon, authenticated, service_role;
    alter default privileges in schema public
      grant all on functions to postgres, anon, authenticated, service_role;
    alter default privileges in schema public
      grant all on sequences to postgres, anon, authenticated, service_role;
"""


def test_the_old_default_privileges_change_nothing(
    server: Server, template: str, project: str, description: dict[str, object]
) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(OLD_DEFAULTS)
        migrate(dashboard)
        assert describe(dashboard) == description


def test_a_table_that_migrations_do_not_close_is_open_under_the_old_defaults(
    server: Server, project: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(OLD_DEFAULTS)
        dashboard.execute("create table public.diary ()")
        row = dashboard.execute("select has_table_privilege('anon', 'public.diary', 'truncate')")
        assert row.fetchone() == (True,)


def test_migrations_run_as_a_role_that_is_no_superuser(server: Server, project: str) -> None:
    with server.connect("postgres", project) as dashboard:
        role = dashboard.execute("select rolsuper from pg_roles where rolname = current_user")
        assert role.fetchone() == (False,)
        migrate(dashboard)


def test_roles_that_another_database_brought_are_used(
    server: Server, template: str, project: str, description: dict[str, object]
) -> None:
    with server.connect("postgres", project) as dashboard:
        there = dashboard.execute("select from pg_roles where rolname = 'prompt_writer'")
        assert there.rowcount == 1, "the template's migration made it"
        migrate(dashboard)
        assert describe(dashboard) == description


@pytest.mark.parametrize("attribute", ["login", "bypassrls", "createrole", "inherit"])
def test_a_writer_that_may_do_more_than_it_should_stops_the_migration(
    server: Server, template: str, project: str, attribute: str
) -> None:
    with server.connect("supabase_admin", project) as admin, admin.transaction(force_rollback=True):
        admin.execute(f"alter role prompt_writer {attribute}")
        admin.execute("set local role postgres")
        with pytest.raises(errors.RaiseException, match="more attributes than allowed"):
            migrate(admin)


def test_the_platform_can_be_laid_down_twice(
    server: Server, database: str, description: dict[str, object]
) -> None:
    with server.connect("supabase_admin", database) as admin:
        run_script(admin, PLATFORM)
        assert describe(admin) == description


@pytest.mark.parametrize("table", ["nlu_prompt_logs", "intent_catalogue"])
def test_row_level_security_is_on_and_forced_as_soon_as_a_table_exists(
    server: Server, project: str, table: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        states = []
        for migration in MIGRATIONS:
            run_script(dashboard, migration)
            states += dashboard.execute(
                """select relrowsecurity and relforcerowsecurity from pg_class
                   where oid = to_regclass(%s)""",
                [f"public.{table}"],
            ).fetchall()
    assert set(states) == {(True,)}
