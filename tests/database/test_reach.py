"""What the roles of the API can reach in any schema, beyond the tables that other tests cover.

Each test compares a migrated project with the same project before the migrations, so that a grant
is seen wherever it was made: a default privilege, a schema, a sequence, a membership, an attribute.
"""

from collections.abc import Callable
from functools import cache
from itertools import count

import pytest

from .server import Connection, Server

PLATFORM_ROLES = ("anon", "authenticated", "service_role")
ROLES = (
    *PLATFORM_ROLES, "prompt_writer", "prompt_exporter", "model_registrar", "prompt_monitor",
)  # fmt: skip
OUR_ROLES = (
    "prompt_writer", "prompt_exporter", "model_registrar", "prompt_monitor", "prompt_maintainer",
)  # fmt: skip
OTHER_ROLES = (
    "authenticator", "postgres", "supabase_admin", "supabase_auth_admin", "dashboard_user",
)  # fmt: skip
"""The other roles of a project, which no request can become."""

ROLE_LIST = ", ".join(f"'{role}'" for role in (*ROLES, "prompt_maintainer"))

Rows = set[tuple[object, ...]]

_numbers = count(1)

DEFAULT_PRIVILEGES = """
    select defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype,
      acl.grantee::regrole::text, acl.privilege_type
    from pg_default_acl, aclexplode(defaclacl) as acl"""

SCHEMA_PRIVILEGES = f"""
    select nspname, rolname, privilege
    from pg_namespace, pg_roles, unnest(array['usage', 'create']) as privilege
    where rolname in ({ROLE_LIST}) and nspname not like 'pg\\_%'
      and has_schema_privilege(rolname, pg_namespace.oid, privilege)"""

SEQUENCE_PRIVILEGES = f"""
    select pg_class.oid::regclass::text, rolname, privilege
    from pg_class, pg_roles, unnest(array['usage', 'select', 'update']) as privilege
    where relkind = 'S' and rolname in ({ROLE_LIST})
      and has_sequence_privilege(rolname, pg_class.oid, privilege)"""

MEMBERSHIPS = """
    select roleid::regrole::text, member::regrole::text, admin_option, inherit_option, set_option
    from pg_auth_members
    where roleid::regrole::text not like 'pg\\_%' or member::regrole::text not like 'pg\\_%'"""

ATTRIBUTES = """
    select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
      rolbypassrls, rolconfig::text
    from pg_roles where rolname not like 'pg\\_%'"""
ATTRIBUTE_NAMES = (
    "superuser", "inherit", "createrole", "createdb", "login", "replication", "bypassrls",
)  # fmt: skip

# Whatever the roles can reach with usage of the schema and a privilege on the object or a column.
REACHABLE_RELATIONS = f"""
    select pg_class.oid::regclass::text, rolname, privilege
    from pg_class, pg_roles, unnest(array['select', 'insert', 'update', 'references']) as privilege
    where relkind in ('r', 'v', 'm', 'p', 'f') and rolname in ({ROLE_LIST})
      and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(rolname, relnamespace, 'usage')
      and has_any_column_privilege(rolname, pg_class.oid, privilege)
    union all
    select pg_class.oid::regclass::text, rolname, privilege
    from pg_class, pg_roles, unnest(array['delete', 'truncate', 'trigger', 'maintain']) as privilege
    where relkind in ('r', 'v', 'm', 'p', 'f') and rolname in ({ROLE_LIST})
      and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(rolname, relnamespace, 'usage')
      and has_table_privilege(rolname, pg_class.oid, privilege)"""

REACHABLE_FUNCTIONS = f"""
    select pg_proc.oid::regprocedure::text, rolname, prosecdef
    from pg_proc, pg_roles
    where rolname in ({ROLE_LIST})
      and pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
      and has_schema_privilege(rolname, pronamespace, 'usage')
      and has_function_privilege(rolname, pg_proc.oid, 'execute')"""

# The objects of PostgreSQL itself, which are read with a qualified name whatever the schemas.
CATALOG_RELATIONS = f"""
    select pg_class.oid::regclass::text, rolname, privilege
    from pg_class, pg_roles, unnest(array['select', 'insert', 'update', 'references']) as privilege
    where relkind in ('r', 'v') and rolname in ({ROLE_LIST})
      and relnamespace::regnamespace::text in ('pg_catalog', 'information_schema')
      and has_any_column_privilege(rolname, pg_class.oid, privilege)"""

CATALOG_FUNCTIONS = f"""
    select pg_proc.oid::regprocedure::text, rolname from pg_proc, pg_roles
    where rolname in ({ROLE_LIST})
      and pronamespace::regnamespace::text in ('pg_catalog', 'information_schema')
      and has_function_privilege(rolname, pg_proc.oid, 'execute')"""

# Whatever else can be granted, by its owner, to a role or to everybody (`-`).
OTHER_GRANTS = """
    select kind, name, grantee::regrole::text, privilege_type from (
      select 'database' as kind, '' as name, datacl as acl from pg_database
      where datname = current_database()
      union all select 'language', lanname, lanacl from pg_language
      union all select 'type', oid::regtype::text, typacl from pg_type
      union all select 'tablespace', spcname, spcacl from pg_tablespace
      union all select 'parameter', parname, paracl from pg_parameter_acl
      union all select 'large object', oid::text, lomacl from pg_largeobject_metadata
      union all select 'foreign server', srvname, srvacl from pg_foreign_server
      union all select 'foreign data wrapper', fdwname, fdwacl from pg_foreign_data_wrapper
    ) as objects, aclexplode(acl)
    where grantee <> (select datdba from pg_database where datname = current_database())"""

GRANT_OPTIONS = f"""
    select kind, name, grantee::regrole::text, privilege_type from (
      select 'relation' as kind, oid::regclass::text as name, relacl as acl from pg_class
      union all select 'column', attrelid::regclass::text || '.' || attname, attacl
        from pg_attribute
      union all select 'function', oid::regprocedure::text, proacl from pg_proc
      union all select 'schema', nspname, nspacl from pg_namespace
    ) as objects, aclexplode(acl)
    where is_grantable and (grantee = 0 or grantee::regrole::text in ({ROLE_LIST}))"""

# Objects that act for others, or that grants to our tables do not restrict.
FOREIGN_OBJECTS = """
    select 'large object', oid::text from pg_largeobject_metadata
    union all select 'foreign server', srvname from pg_foreign_server
    union all select 'user mapping', umid::text from pg_user_mappings
    union all select 'event trigger', evtname from pg_event_trigger
    union all select 'statistics', stxname from pg_statistic_ext
    union all select 'rule', ev_class::regclass::text || ' ' || rulename from pg_rewrite
      join pg_class on pg_class.oid = ev_class
      where rulename <> '_RETURN'
        and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')"""

SETTINGS = """
    select coalesce(nullif(setrole, 0)::regrole::text, ''), unnest(setconfig)
    from pg_db_role_setting
    where setdatabase in (0, (select oid from pg_database where datname = current_database()))"""

OWN_SCHEMAS = ("public.", "private.")

FOR_SIGNED_IN_USERS = {
    "public.health", "public.list_alerts", "public.acknowledge_alert", "public.mute_alert",
}  # fmt: skip

SCHEMA_USERS = {
    "public": set(OUR_ROLES),
    "private": {"service_role", *OUR_ROLES},
    "extensions": {"prompt_maintainer"},
}


def read(connection: Connection, query: str) -> Rows:
    """Read rows; names have their schema."""
    with connection.transaction():
        connection.execute("set local search_path = ''")
        return set(connection.execute(query.encode()).fetchall())


@cache
def read_before_migrations(server: Server, query: str) -> Rows:
    """Read what a new project has, before the migrations."""
    name = f"before_migrations_{next(_numbers)}"
    server.create_project(name)
    with server.connect("postgres", name) as connection:
        return read(connection, query)


def added(server: Server, database: str, query: str) -> Rows:
    """Read what a migrated database has in addition to a new project."""
    with server.connect("postgres", database) as connection:
        return read(connection, query) - read_before_migrations(server, query)


def outside_our_schemas(rows: Rows) -> Rows:
    """Keep what an API role reaches elsewhere; the maintainer may use what is open to everybody."""
    return {
        row
        for row in rows
        if not str(row[0]).startswith(OWN_SCHEMAS) and row[1] != "prompt_maintainer"
    }


def test_no_default_privilege_is_added(server: Server, populated: str) -> None:
    assert added(server, populated, DEFAULT_PRIVILEGES) == set(), (
        "A default privilege opens every future table, sequence or function to a role. Grant each "
        "object in supabase/schemas/90_grants.sql instead."
    )


def test_roles_use_only_the_schemas_they_need_and_create_nothing(
    server: Server, populated: str
) -> None:
    wanted = {
        (schema, role, "usage") for schema, roles in SCHEMA_USERS.items() for role in roles
    } - read_before_migrations(server, SCHEMA_PRIVILEGES)
    assert added(server, populated, SCHEMA_PRIVILEGES) == wanted, (
        "A right to a schema makes its objects reachable. Users have none to `private`."
    )


def test_no_role_of_the_api_has_a_right_to_a_sequence(server: Server, populated: str) -> None:
    of_maintainer = {
        ("private.change_numbers", "prompt_maintainer", privilege)
        for privilege in ("usage", "select")
    } | {("public.correction_events_id_seq", "prompt_maintainer", "usage")}
    assert added(server, populated, SEQUENCE_PRIVILEGES) == of_maintainer, (
        "A sequence reveals how many rows there are, and can be set back."
    )


def check_memberships(connection: Connection) -> None:
    """Fail if a role has a member beyond those that Supabase and the migrations give it."""
    of_the_platform = {
        *((role, "authenticator", False, False, True) for role in PLATFORM_ROLES),
        *((role, "postgres", True, True, True) for role in PLATFORM_ROLES),
    }
    # The creator of a role administers it, and can neither inherit from it nor become it.
    administrated = {(role, "postgres", True, False, False) for role in OUR_ROLES}
    assumed = {
        (role, "authenticator", False, False, True)
        for role in OUR_ROLES
        if role != "prompt_maintainer"
    }
    reached = {*PLATFORM_ROLES, *OUR_ROLES, "authenticator"}
    memberships = {
        row for row in read(connection, MEMBERSHIPS) if not reached.isdisjoint({row[0], row[1]})
    }
    assert memberships == of_the_platform | administrated | assumed, (
        "A member of a role has its rights, or can become it. Nobody is a member of "
        "prompt_maintainer, only PostgREST becomes a role of the API, and these become no other."
    )


def check_attributes(connection: Connection) -> None:
    """Fail if a role has an attribute that grants do not restrict."""
    configuration = {
        "prompt_writer": "{statement_timeout=2s}",
        "prompt_exporter": "{statement_timeout=60s,plan_cache_mode=force_custom_plan}",
        "model_registrar": "{statement_timeout=8s}",
        "prompt_monitor": "{statement_timeout=30s}",
        "prompt_maintainer": None,
    }
    plain = (False,) * 7
    attributes = read(connection, ATTRIBUTES)
    assert {row for row in attributes if row[0] in OUR_ROLES} == {
        (role, *plain, setting) for role, setting in configuration.items()
    }, "The roles of the functions are nologin noinherit, without any other attribute."
    known = {*PLATFORM_ROLES, *OUR_ROLES, *OTHER_ROLES}
    added = {row[0] for row in attributes} - known
    assert not added, (
        f"Roles that nobody checks: {added}. One that logs in, or bypasses row level security, "
        "reads everything beside the API."
    )
    attributes_of = {
        row[0]: {name for name, has in zip(ATTRIBUTE_NAMES, row[1:8], strict=True) if has}
        for row in attributes
    }
    assert {role: attributes_of[role] for role in (*PLATFORM_ROLES, "authenticator")} == {
        "anon": {"inherit"},
        "authenticated": {"inherit"},
        "service_role": {"inherit", "bypassrls"},
        "authenticator": {"login"},
    }, "The roles of the platform have the attributes of every Supabase project, and no other."


def check_settings(connection: Connection) -> None:
    """Fail if a role or the database has a setting beyond those of the roles of the functions."""
    of_the_platform = {
        ("anon", "statement_timeout=3s"),
        ("authenticated", "statement_timeout=8s"),
        ("authenticator", "statement_timeout=8s"),
        ("authenticator", "lock_timeout=8s"),
        ("supabase_auth_admin", "search_path=auth"),
        ("postgres", 'search_path="$user", public, extensions'),
    }
    assert read(connection, SETTINGS) - of_the_platform == {
        ("prompt_writer", "statement_timeout=2s"),
        ("prompt_exporter", "statement_timeout=60s"),
        ("prompt_exporter", "plan_cache_mode=force_custom_plan"),
        ("model_registrar", "statement_timeout=8s"),
        ("prompt_monitor", "statement_timeout=30s"),
    }, (
        "A setting of a role applies to each request of it: the time that its statements may take, "
        "the schemas that PostgREST exposes (`pgrst.db_schemas`), where names are looked up."
    )


def check_other_grants(connection: Connection, server: Server) -> None:
    """Fail if something other than a table, a function, a schema or a sequence was granted."""
    assert read(connection, OTHER_GRANTS) <= read_before_migrations(server, OTHER_GRANTS), (
        "Databases, languages, types, settings, large objects and foreign servers are granted to "
        "nobody."
    )


def check_foreign_objects(connection: Connection, server: Server) -> None:
    """Fail if there is an object that runs for others, or holds data beside the tables."""
    assert read(connection, FOREIGN_OBJECTS) <= read_before_migrations(server, FOREIGN_OBJECTS), (
        "A rule rewrites statements, a large object has no row level security, a foreign server "
        "sends rows elsewhere, and estimates from statistics reveal who sent what."
    )


def check_grant_options(connection: Connection, server: Server) -> None:
    """Fail if an API role may pass on a right."""
    assert read(connection, GRANT_OPTIONS) <= read_before_migrations(server, GRANT_OPTIONS), (
        "Who has a right with grant option decides who else has it."
    )


def check_catalog(connection: Connection, server: Server) -> None:
    """Fail if an API role can use an object of PostgreSQL that a new project closes."""
    for query in (CATALOG_RELATIONS, CATALOG_FUNCTIONS):
        assert read(connection, query) <= read_before_migrations(server, query), (
            "Tables and functions of pg_catalog hold passwords, statistics and files of the server."
        )


def check_relations(connection: Connection, server: Server) -> None:
    """Fail if an API role has a right that no function of the product needs."""
    allowed = {"select", "insert", "update", "references"}
    found = read(connection, REACHABLE_RELATIONS) - read_before_migrations(
        server, REACHABLE_RELATIONS
    )
    assert not {row for row in found if row[2] not in allowed and row[1] != "prompt_maintainer"}, (
        "Nobody but the maintainer deletes; MAINTAIN locks a table against everybody, and TRUNCATE "
        "passes row level security."
    )


CHECKS = (
    check_other_grants, check_foreign_objects, check_grant_options, check_catalog, check_relations,
)  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_else_is_granted_or_created(
    server: Server, populated: str, check: Callable[[Connection, Server], None]
) -> None:
    with server.connect("supabase_admin", populated) as connection:
        check(connection, server)


def test_no_role_has_a_setting_of_its_own(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        check_settings(connection)


@pytest.mark.parametrize(
    ("hole", "check"),
    [
        ("grant maintain on public.nlu_prompt_logs to authenticated", check_relations),
        ("grant truncate on public.review_queue to service_role", check_relations),
        ("grant create on database {database} to authenticated", check_other_grants),
        ("grant set on parameter log_statement to authenticated", check_other_grants),
        ("grant alter system on parameter log_statement to service_role", check_other_grants),
        (
            "select lo_from_bytea(4711, 'text'); grant select on large object 4711 to anon",
            check_other_grants,
        ),
        ("select lo_from_bytea(4711, 'text')", check_foreign_objects),
        (
            (
                "create foreign data wrapper elsewhere; create server elsewhere"
                " foreign data wrapper elsewhere; grant usage on foreign server elsewhere to anon"
            ),
            check_other_grants,
        ),
        (
            (
                "create foreign data wrapper elsewhere;"
                "create server elsewhere foreign data wrapper elsewhere"
            ),
            check_foreign_objects,
        ),
        (
            "create rule copied as on insert to public.nlu_prompt_logs do also notify new_prompt",
            check_foreign_objects,
        ),
        (
            "create statistics public.senders (mcv) on user_id, prompt from public.nlu_prompt_logs",
            check_foreign_objects,
        ),
        (
            "grant select (intent) on public.intent_catalogue to authenticated with grant option",
            check_grant_options,
        ),
        (
            "grant execute on function public.serving_model() to service_role with grant option",
            check_grant_options,
        ),
        ("grant select on pg_catalog.pg_authid to authenticated", check_catalog),
        ("grant select (stavalues1) on pg_catalog.pg_statistic to anon", check_catalog),
        (
            "grant execute on function pg_catalog.pg_read_file(text) to service_role",
            check_catalog,
        ),
    ],
)
def test_a_hole_beside_the_tables_is_detected(
    server: Server, populated: str, hole: str, check: Callable[[Connection, Server], None]
) -> None:
    """Some belong to the whole server, so the hole is closed by a rollback."""
    with server.connect("supabase_admin", populated, autocommit=False) as admin:
        admin.execute(hole.format(database=populated).encode())
        with pytest.raises(AssertionError):
            check(admin, server)


@pytest.mark.parametrize(
    "hole",
    [
        "alter role authenticated set statement_timeout = 0",
        "alter role authenticator set pgrst.db_schemas = 'public, private'",
        "alter role prompt_writer set search_path = 'public'",
        "alter role anon in database {database} set statement_timeout = 0",
        "alter database {database} set row_security = off",
    ],
)
def test_a_setting_of_a_role_is_detected(server: Server, populated: str, hole: str) -> None:
    with server.connect("supabase_admin", populated, autocommit=False) as admin:
        admin.execute(hole.format(database=populated).encode())
        with pytest.raises(AssertionError, match="setting of a role"):
            check_settings(admin)


def test_only_postgrest_can_become_a_role_of_the_functions(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        check_memberships(connection)


def test_no_role_has_an_attribute_that_grants_do_not_restrict(
    server: Server, populated: str
) -> None:
    with server.connect("postgres", populated) as connection:
        check_attributes(connection)


@pytest.mark.parametrize(
    ("hole", "check"),
    [
        ("grant prompt_maintainer to service_role", check_memberships),
        ("grant prompt_exporter to authenticated", check_memberships),
        ("grant service_role to anon", check_memberships),
        ("grant model_registrar to service_role", check_memberships),
        ("grant pg_signal_backend to authenticated", check_memberships),
        ("grant supabase_admin to service_role with inherit false", check_memberships),
        ("grant dashboard_user to authenticator with inherit false", check_memberships),
        ("create role caller login; grant authenticator to caller", check_memberships),
        ("alter role prompt_writer bypassrls", check_attributes),
        ("alter role prompt_maintainer login", check_attributes),
        ("alter role model_registrar bypassrls", check_attributes),
        ("alter role authenticated bypassrls", check_attributes),
        ("alter role authenticated createrole", check_attributes),
        ("alter role anon login", check_attributes),
        ("alter role service_role replication", check_attributes),
        ("alter role authenticator superuser", check_attributes),
        ("create role backup login in role pg_read_all_data", check_attributes),
        ("create role reports login bypassrls", check_attributes),
    ],
)
def test_a_hole_in_the_roles_is_detected(
    server: Server, populated: str, hole: str, check: Callable[[Connection], None]
) -> None:
    """Roles belong to the whole server, so the hole is closed by a rollback."""
    with server.connect("supabase_admin", populated, autocommit=False) as admin:
        admin.execute(hole.encode())
        with pytest.raises(AssertionError):
            check(admin)


def test_no_relation_outside_our_schemas_becomes_reachable(server: Server, populated: str) -> None:
    found = added(server, populated, REACHABLE_RELATIONS)
    assert outside_our_schemas(found) == set(), (
        "Tables and views live in public or private, where tests see them."
    )
    assert not {row for row in found if row[1] == "anon"}, "Anonymous callers reach nothing."
    views = {row for row in found if row[1] == "authenticated"}
    assert {row[0] for row in views} == {"public.nlu_prompt_logs", "public.intent_catalogue"}, (
        "Users reach their own rows and the intents, and no view."
    )


def test_no_function_outside_the_granted_ones_becomes_reachable(
    server: Server, populated: str
) -> None:
    found = added(server, populated, REACHABLE_FUNCTIONS)
    assert outside_our_schemas(found) == set(), (
        "Functions live in public or private, where tests see them."
    )
    assert not {row for row in found if row[1] == "anon"}, "Anonymous callers call no function."
    called = {row for row in found if row[1] == "authenticated"}
    of_users = {str(name).partition("(")[0] for name, _, _ in called}
    assert {name for name in of_users if not name.startswith("public.console_")} == (
        FOR_SIGNED_IN_USERS
    ), "Users call the functions that look up the role of their account, and no others."
    assert not any(is_definer for _, _, is_definer in called)
