"""The migrations create the same schema and rights in every kind of existing project."""

import pytest
from psycopg import errors

from .catalog import describe
from .server import MIGRATIONS, PLATFORM, Server, migrate, run_script

# The default privileges of older projects, in which every new table is exposed.
OLD_DEFAULTS = """
    alter default privileges in schema public
      grant all on tables to postgres, anon, authenticated, service_role;
    alter default privileges in schema public
      grant all on functions to postgres, anon, authenticated, service_role;
    alter default privileges in schema public
      grant all on sequences to postgres, anon, authenticated, service_role;
"""


def test_the_old_default_privileges_make_no_difference(
    server: Server, template: str, project: str, description: dict[str, object]
) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(OLD_DEFAULTS)
        migrate(dashboard)
        assert describe(dashboard) == description


def test_under_the_old_default_privileges_a_new_table_is_exposed(
    server: Server, project: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(OLD_DEFAULTS)
        dashboard.execute("create table public.diary ()")
        row = dashboard.execute("select has_table_privilege('anon', 'public.diary', 'truncate')")
        assert row.fetchone() == (True,)


def test_the_migrations_need_no_superuser(server: Server, project: str) -> None:
    with server.connect("postgres", project) as dashboard:
        role = dashboard.execute("select rolsuper from pg_roles where rolname = current_user")
        assert role.fetchone() == (False,)
        migrate(dashboard)


def test_roles_that_another_database_created_are_reused(
    server: Server, template: str, project: str, description: dict[str, object]
) -> None:
    with server.connect("postgres", project) as dashboard:
        roles = dashboard.execute("select from pg_roles where rolname = 'prompt_writer'")
        assert roles.rowcount == 1, "the migration of the template created it"
        migrate(dashboard)
        assert describe(dashboard) == description


@pytest.mark.parametrize("attribute", ["login", "bypassrls", "createrole", "inherit"])
def test_a_writer_role_with_additional_attributes_stops_the_migration(
    server: Server, template: str, project: str, attribute: str
) -> None:
    with server.connect("supabase_admin", project) as admin, admin.transaction(force_rollback=True):
        admin.execute(f"alter role prompt_writer {attribute}")
        admin.execute("set local role postgres")
        with pytest.raises(errors.RaiseException, match="more attributes than allowed"):
            migrate(admin)


def test_the_platform_script_can_run_twice(
    server: Server, database: str, description: dict[str, object]
) -> None:
    with server.connect("supabase_admin", database) as admin:
        run_script(admin, PLATFORM)
        assert describe(admin) == description


@pytest.mark.parametrize("table", ["nlu_prompt_logs", "intent_catalogue"])
def test_row_level_security_is_enabled_and_forced_as_soon_as_a_table_exists(
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
