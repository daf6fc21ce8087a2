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


UNUSABLE_SCHEMAS = {
    "pgcrypto elsewhere": (
        "alter extension pgcrypto set schema public",
        "The extension pgcrypto is in the schema public",
        "alter extension pgcrypto set schema extensions",
    ),
    "extensions of another role": (
        "alter schema extensions owner to supabase_admin",
        "The schema extensions belongs to supabase_admin",
        "alter schema extensions owner to postgres",
    ),
    "private of another role": (
        "create schema private authorization supabase_admin",
        "The schema private belongs to supabase_admin",
        "alter schema private owner to postgres",
    ),
    "private of another role, with rights": (
        """create schema private authorization supabase_admin;
           grant all on schema private to postgres""",
        "The schema private belongs to supabase_admin",
        "alter schema private owner to postgres",
    ),
}


@pytest.mark.parametrize("variant", UNUSABLE_SCHEMAS)
def test_a_schema_that_cannot_be_used_stops_the_first_migration_with_the_remedy(
    server: Server, project: str, variant: str
) -> None:
    change, problem, remedy = UNUSABLE_SCHEMAS[variant]
    with server.connect("supabase_admin", project) as admin:
        admin.execute(change.encode())
        with server.connect("postgres", project) as dashboard:
            with pytest.raises(errors.RaiseException, match=problem) as raised:
                run_script(dashboard, MIGRATIONS[0])
            assert remedy in str(raised.value.diag.message_hint)
            admin.execute(remedy.encode())
            migrate(dashboard)


def test_a_schema_that_is_missing_stops_the_first_migration_with_the_remedy(
    server: Server, project: str
) -> None:
    with server.connect("supabase_admin", project) as admin:
        admin.execute("drop schema extensions cascade")
    with server.connect("postgres", project) as dashboard:
        with pytest.raises(errors.RaiseException, match="needs the schema extensions") as raised:
            run_script(dashboard, MIGRATIONS[0])
        assert "create schema extensions" in str(raised.value.diag.message_hint)
        dashboard.execute("create schema extensions")
        migrate(dashboard)


def test_a_schema_that_another_role_lets_this_one_use_is_used(server: Server, project: str) -> None:
    with server.connect("supabase_admin", project) as admin:
        admin.execute(
            """create schema private authorization supabase_admin;
               grant all on schema private to postgres with grant option"""
        )
    with server.connect("postgres", project) as dashboard:
        migrate(dashboard)


REACHED_BY_USERS = """
    select relname::text from pg_class
    where relnamespace = 'private'::regnamespace and case relkind
      when 'S' then has_sequence_privilege('authenticated', oid, 'usage, select, update')
      when 'i' then false
      else has_table_privilege('authenticated', oid, 'select, insert, update, delete, truncate')
        or has_any_column_privilege('authenticated', oid, 'select, insert, update')
    end
    union all
    select proname::text from pg_proc as ours
    where pronamespace = 'private'::regnamespace
      and has_function_privilege('authenticated', oid, 'execute')
      and not exists (
        select from pg_proc as public
        where pronamespace = 'public'::regnamespace
          and has_function_privilege('authenticated', public.oid, 'execute')
          and pg_get_functiondef(public.oid) like '%private.' || ours.proname || '(%'
      )"""
"""What users who can use the schema `private` reach there, but for what a function in `public`
calls for them as it is."""


def test_a_schema_private_of_the_project_itself_is_shared(server: Server, project: str) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(
            """create schema private;
               grant usage on schema private to authenticated;
               create function private.is_owner(owner uuid) returns boolean language sql
                 security definer set search_path = '' return true;
               create table public.notes (note text, owner uuid);
               alter table public.notes enable row level security;
               grant select on public.notes to authenticated;
               create policy "Owners read notes" on public.notes for select to authenticated
                 using (private.is_owner(owner));
               insert into public.notes values ('theirs', null)"""
        )
        migrate(dashboard)
        dashboard.execute("set role authenticated")
        assert dashboard.execute("select note from public.notes").fetchall() == [("theirs",)]
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied for table"):
            dashboard.execute("select from private.split_messages")


def test_nothing_of_ours_is_open_to_users_who_can_use_a_projects_schema_private(
    server: Server, project: str
) -> None:
    with server.connect("postgres", project) as dashboard:
        dashboard.execute(
            """create schema private;
               grant usage on schema private to anon, authenticated;
               create function private.theirs() returns integer language sql return 1"""
        )
        migrate(dashboard)
        assert dashboard.execute(REACHED_BY_USERS).fetchall() == [("theirs",)]


def test_a_project_without_pgcrypto_gets_it(
    server: Server, project: str, description: dict[str, object]
) -> None:
    with server.connect("supabase_admin", project) as admin:
        admin.execute("drop extension pgcrypto")
        admin.execute("set role postgres")
        migrate(admin)
        assert admin.execute(
            "select extnamespace::regnamespace::text from pg_extension where extname = 'pgcrypto'"
        ).fetchall() == [("extensions",)]


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
