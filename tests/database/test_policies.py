"""Rules for all tables, views and policies, including those that are added later."""

from .catalog import TABLES
from .server import Server


def query_catalog(server: Server, database: str, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query on the catalog of a migrated database."""
    with server.connect("postgres", database) as connection:
        return connection.execute(query.encode()).fetchall()


def test_every_table_has_row_level_security_enabled_and_forced(
    server: Server, populated: str
) -> None:
    open_tables = f"""
        select relname from pg_class where oid in {TABLES} and relkind in ('r', 'p')
          and not (relrowsecurity and relforcerowsecurity)"""
    assert query_catalog(server, populated, open_tables) == []


def test_every_view_is_a_security_invoker_view(server: Server, populated: str) -> None:
    violations = f"""
        select relname from pg_class where oid in {TABLES} and relkind in ('v', 'm')
          and not coalesce(reloptions @> array['security_invoker=on'], false)"""
    assert query_catalog(server, populated, violations) == []


def test_policies_call_auth_functions_once_per_query(server: Server, populated: str) -> None:
    calls_per_row = r"""
        select policyname from pg_policies
        where regexp_replace(
          coalesce(qual, '') || coalesce(with_check, ''),
          '\( SELECT auth\.\w+\(\) AS \w+\)', '', 'g'
        ) ~ 'auth\.'"""
    assert query_catalog(server, populated, calls_per_row) == []


def test_no_policy_uses_user_metadata(server: Server, populated: str) -> None:
    violations = """
        select policyname from pg_policies
        where coalesce(qual, '') || coalesce(with_check, '') ~ 'user_meta'"""
    assert query_catalog(server, populated, violations) == []


def test_each_policy_is_for_one_role_and_one_command_and_named_by_a_sentence(
    server: Server, populated: str
) -> None:
    violations = """
        select policyname from pg_policies where schemaname in ('public', 'private')
          and (cmd = 'ALL' or cardinality(roles) <> 1 or policyname !~ '^[A-Z].* .* ')"""
    assert query_catalog(server, populated, violations) == []


def test_no_column_of_texts_or_names_is_sampled(server: Server, populated: str) -> None:
    """A sample outlives an erasure, and any user can read estimates through planned counts."""
    sampled = f"""
        select attrelid::regclass::text, attname from pg_attribute
        where attrelid in {TABLES} and attnum > 0 and coalesce(attstattarget, -1) <> 0
          and attrelid in (select oid from pg_class where relkind in ('r', 'p'))
          and attname in (
            'user_id', 'prompt', 'text', 'execution_error', 'notes', 'correction_notes', 'reviewer',
            'corrected_by', 'actor', 'registered_by', 'acknowledged_by', 'muted_by', 'sender'
          )"""
    assert query_catalog(server, populated, sampled) == []


def test_rows_are_deleted_only_with_their_user(server: Server, populated: str) -> None:
    cascades = """
        select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
        where contype = 'f' and confdeltype = 'c' and connamespace = 'public'::regnamespace"""
    assert query_catalog(server, populated, cascades) == [("nlu_prompt_logs", "auth.users")]


def test_no_table_is_published_to_clients(server: Server, populated: str) -> None:
    assert query_catalog(server, populated, "select tablename from pg_publication_tables") == []


def test_every_foreign_key_has_an_index(server: Server, populated: str) -> None:
    without_index = f"""
        select conname from pg_constraint
        where contype = 'f' and conrelid in {TABLES} and not exists (
          select from pg_index where indrelid = conrelid and indkey[0] = conkey[1])"""
    assert query_catalog(server, populated, without_index) == []


def test_nothing_is_granted_to_public_or_with_grant_option(server: Server, populated: str) -> None:
    violations = f"""
        select oid::regclass::text from pg_class, aclexplode(relacl)
        where oid in {TABLES} and grantee = 0 or oid in {TABLES} and is_grantable
          and grantee <> relowner"""
    assert query_catalog(server, populated, violations) == []
