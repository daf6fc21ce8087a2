"""Descriptions of a migrated database from its catalog, so that two databases can be compared."""

from collections.abc import Iterable, Mapping

from .server import Connection

TABLES = """(
    select oid from pg_class
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      and relkind in ('r', 'v', 'm', 'p', 'f')
)"""

QUERIES: Mapping[str, str] = {
    "columns": f"""
        select attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod),
          attnotnull, pg_get_expr(adbin, adrelid), attidentity, coalesce(attstattarget, -1),
          col_description(attrelid, attnum)
        from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid in {TABLES} and attnum > 0 and not attisdropped""",
    "tables": f"""
        select oid::regclass::text, relkind, relowner::regrole::text, relrowsecurity,
          relforcerowsecurity, reloptions::text, obj_description(oid, 'pg_class')
        from pg_class where oid in {TABLES}""",
    # The foreign key to deleted users is not valid for adopted rows.
    "constraints": f"""
        select conrelid::regclass::text, conname,
          replace(pg_get_constraintdef(oid), ' NOT VALID', '')
        from pg_constraint where conrelid in {TABLES}""",
    "indexes": f"""
        select pg_get_indexdef(indexrelid), indisvalid, indisunique
        from pg_index where indrelid in {TABLES}""",
    "policies": """
        select tablename, policyname, permissive, roles::text, cmd, qual, with_check
        from pg_policies where schemaname in ('public', 'private')""",
    "triggers": f"""
        select pg_get_triggerdef(oid), tgenabled from pg_trigger
        where (tgrelid in {TABLES} or tgrelid = 'auth.users'::regclass) and not tgisinternal""",
    "schedule": "select jobname, schedule, command, username from cron.job",
    "views": f"""
        select oid::regclass::text, pg_get_viewdef(oid) from pg_class
        where oid in {TABLES} and relkind = 'v'""",
    "table privileges": f"""
        select oid::regclass::text, grantee::regrole::text, privilege_type, is_grantable
        from pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
        where oid in {TABLES}""",
    "sequence privileges": """
        select oid::regclass::text, grantee::regrole::text, privilege_type
        from pg_class, aclexplode(coalesce(relacl, acldefault('s', relowner)))
        where relkind = 'S' and relnamespace::regnamespace::text in ('public', 'private')""",
    "column privileges": f"""
        select attrelid::regclass::text, attname, grantee::regrole::text, privilege_type,
          is_grantable
        from pg_attribute, aclexplode(attacl)
        where attrelid in {TABLES} and not attisdropped""",
    "schema privileges": """
        select nspname, grantee::regrole::text, privilege_type
        from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
        where nspname in ('public', 'private')""",
    "functions": """
        select oid::regprocedure::text, proowner::regrole::text, prosecdef, proconfig::text,
          md5(prosrc), obj_description(oid, 'pg_proc')
        from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace)""",
    "function privileges": """
        select oid::regprocedure::text, grantee::regrole::text, privilege_type
        from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
        where pronamespace in ('public'::regnamespace, 'private'::regnamespace)""",
    "relations": """
        select relnamespace::regnamespace::text, relname, relkind from pg_class
        where relnamespace::regnamespace::text not like 'pg\\_%'
          and relnamespace::regnamespace::text not in
            ('information_schema', 'auth', 'extensions', 'supabase_migrations')""",
    "publications": "select pubname, schemaname, tablename from pg_publication_tables",
    "roles": """
        select rolname, rolsuper, rolinherit, rolcanlogin, rolbypassrls, rolcreaterole, rolcreatedb,
          rolreplication, rolconfig::text, shobj_description(oid, 'pg_authid')
        from pg_roles where rolname like 'prompt\\_%' or rolname = 'model_registrar'""",
    "members": """
        select roleid::regrole::text, member::regrole::text, admin_option, inherit_option
        from pg_auth_members
        where roleid::regrole::text like 'prompt\\_%' or member::regrole::text like 'prompt\\_%'
          or 'model_registrar' in (roleid::regrole::text, member::regrole::text)""",
}


def describe(
    connection: Connection, parts: Iterable[str] = tuple(QUERIES)
) -> dict[str, list[tuple[object, ...]]]:
    """Return the sorted rows of each part: of everything that the migrations create, or less."""
    with connection.transaction():
        connection.execute("set local search_path = ''")  # qualifies every name with its schema
        return {
            part: sorted(connection.execute(QUERIES[part]).fetchall(), key=repr) for part in parts
        }
