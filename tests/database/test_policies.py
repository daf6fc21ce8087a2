"""Rules that every table, view, function and policy keeps, whatever is added."""

from .catalog import TABLES
from .server import Server


def ours(server: Server, database: str, query: str) -> list[tuple[object, ...]]:
    """Ask the catalogue of a migrated database."""
    with server.connect("postgres", database) as connection:
        return connection.execute(query.encode()).fetchall()


def test_every_table_has_row_level_security_enabled_and_forced(
    server: Server, populated: str
) -> None:
    open_tables = f"""
        select relname from pg_class where oid in {TABLES} and relkind in ('r', 'p')
          and not (relrowsecurity and relforcerowsecurity)"""
    assert ours(server, populated, open_tables) == []


def test_every_view_reads_with_the_rights_of_whoever_asks(server: Server, populated: str) -> None:
    others = f"""
        select relname from pg_class where oid in {TABLES} and relkind in ('v', 'm')
          and not coalesce(reloptions @> array['security_invoker=on'], false)"""
    assert ours(server, populated, others) == []


def test_a_policy_asks_once_who_calls(server: Server, populated: str) -> None:
    bare = r"""
        select policyname from pg_policies
        where regexp_replace(
          coalesce(qual, '') || coalesce(with_check, ''),
          '\( SELECT auth\.\w+\(\) AS \w+\)', '', 'g'
        ) ~ 'auth\.'"""
    assert ours(server, populated, bare) == []


def test_no_policy_believes_what_users_say_of_themselves(server: Server, populated: str) -> None:
    gullible = """
        select policyname from pg_policies
        where coalesce(qual, '') || coalesce(with_check, '') ~ 'user_meta'"""
    assert ours(server, populated, gullible) == []


def test_policies_are_sentences_about_one_role_and_one_command(
    server: Server, populated: str
) -> None:
    vague = """
        select policyname from pg_policies where schemaname in ('public', 'private')
          and (cmd = 'ALL' or cardinality(roles) <> 1 or policyname !~ '^[A-Z].* .* ')"""
    assert ours(server, populated, vague) == []


def test_rows_go_with_their_user_and_with_nothing_else(server: Server, populated: str) -> None:
    cascades = """
        select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
        where contype = 'f' and confdeltype = 'c' and connamespace = 'public'::regnamespace"""
    assert ours(server, populated, cascades) == [("nlu_prompt_logs", "auth.users")]


def test_no_table_is_streamed_to_clients(server: Server, populated: str) -> None:
    assert ours(server, populated, "select tablename from pg_publication_tables") == []


def test_every_foreign_key_has_an_index_that_starts_with_it(server: Server, populated: str) -> None:
    bare = f"""
        select conname from pg_constraint
        where contype = 'f' and conrelid in {TABLES} and not exists (
          select from pg_index where indrelid = conrelid and indkey[0] = conkey[1])"""
    assert ours(server, populated, bare) == []


def test_only_a_role_of_the_api_may_do_what_it_was_granted(server: Server, populated: str) -> None:
    to_everybody = f"""
        select oid::regclass::text from pg_class, aclexplode(relacl)
        where oid in {TABLES} and grantee = 0 or oid in {TABLES} and is_grantable
          and grantee <> relowner"""
    assert ours(server, populated, to_everybody) == []
