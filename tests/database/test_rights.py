"""Every actor is asked the same question for every table and verb."""

import pytest
from psycopg import errors

from .cast import (
    ALICE,
    ANONYMOUS,
    CALLERS,
    CAST,
    DASHBOARD,
    EXPORTER,
    NO_SUBJECT,
    OTHER_USER,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
    acting_as,
)
from .rows import insert
from .server import Server

QUESTIONS = {
    ("nlu_prompt_logs", "select"): "select id from public.nlu_prompt_logs",
    ("nlu_prompt_logs", "insert"): f"""
        insert into public.nlu_prompt_logs
          (id, user_id, prompt, predicted_intent, confidence, source, model_version)
        values (gen_random_uuid(), '{ALICE}', 'hello', 'greeting', 0.999, 'model', 'forged')""",
    ("nlu_prompt_logs", "update"): "update public.nlu_prompt_logs set was_successful = true",
    ("nlu_prompt_logs", "delete"): "delete from public.nlu_prompt_logs",
    ("nlu_prompt_logs", "truncate"): "truncate public.nlu_prompt_logs",
    ("intent_catalogue", "select"): "select intent from public.intent_catalogue",
    ("intent_catalogue", "insert"): """
        insert into public.intent_catalogue (intent, domain, description)
        values ('payment', 'shop', 'Pay.')""",
    ("intent_catalogue", "update"): "update public.intent_catalogue set domain = 'x'",
    ("intent_catalogue", "delete"): "delete from public.intent_catalogue",
    ("intent_catalogue", "truncate"): "truncate public.intent_catalogue cascade",
}

# How many rows each actor reaches. Whoever is not named is refused.
REACHED: dict[tuple[str, str], dict[Actor, int]] = {
    ("nlu_prompt_logs", "select"): {
        USER: 3, OTHER_USER: 1, REVIEWER: 0, NO_SUBJECT: 0, WRITER: 0,
        EXPORTER: 4, SERVICE: 4, DASHBOARD: 4,
    },
    ("nlu_prompt_logs", "insert"): {WRITER: 1, SERVICE: 1, DASHBOARD: 1},
    ("nlu_prompt_logs", "update"): {SERVICE: 4, DASHBOARD: 4},
    ("nlu_prompt_logs", "delete"): {DASHBOARD: 4},
    ("nlu_prompt_logs", "truncate"): {DASHBOARD: -1},
    ("intent_catalogue", "select"): {
        USER: 22, OTHER_USER: 22, REVIEWER: 22, NO_SUBJECT: 22, SERVICE: 22, DASHBOARD: 22,
    },
    ("intent_catalogue", "insert"): {DASHBOARD: 1},
    ("intent_catalogue", "update"): {DASHBOARD: 22},
    ("intent_catalogue", "delete"): {DASHBOARD: 22},
    ("intent_catalogue", "truncate"): {DASHBOARD: -1},
}  # fmt: skip


@pytest.mark.parametrize("actor", CAST, ids=str)
@pytest.mark.parametrize(("table", "verb"), QUESTIONS)
def test_each_actor_reaches_just_what_is_theirs(
    server: Server, populated: str, table: str, verb: str, actor: Actor
) -> None:
    reached = REACHED[table, verb].get(actor)
    with acting_as(server, populated, actor) as connection:
        if reached is None:
            with pytest.raises(
                errors.InsufficientPrivilege, match=f"permission denied for table {table}"
            ):
                connection.execute(QUESTIONS[table, verb])
        else:
            assert connection.execute(QUESTIONS[table, verb]).rowcount == reached


def test_a_user_reads_whole_rows_of_their_own(server: Server, populated: str) -> None:
    with acting_as(server, populated, USER) as connection:
        owners = connection.execute("select distinct user_id from public.nlu_prompt_logs")
        assert owners.fetchall() == [(ALICE,)]
        assert len(connection.execute("select * from public.nlu_prompt_logs").fetchall()) == 3


def test_a_user_cannot_read_another_users_row_by_its_id(server: Server, populated: str) -> None:
    with acting_as(server, populated, DASHBOARD) as connection:
        row = connection.execute(
            "select id from public.nlu_prompt_logs where user_id = %s limit 1", [ALICE]
        ).fetchone()
    assert row is not None
    with acting_as(server, populated, OTHER_USER) as connection:
        found = connection.execute("select from public.nlu_prompt_logs where id = %s", [row[0]])
        assert found.rowcount == 0


def test_the_writer_sees_an_id_only_in_the_transaction_that_made_it(
    server: Server, populated: str
) -> None:
    with acting_as(server, populated, WRITER) as connection:
        log_id = insert(connection)
        seen = connection.execute("select id from public.nlu_prompt_logs").fetchall()
        assert seen == [(log_id,)]


@pytest.mark.parametrize("actor", CALLERS, ids=str)
@pytest.mark.parametrize(
    "function", ["stamp_correction", "stamp_outcome", "stamp_updated_at", "refuse_new_legacy_rows"]
)
def test_no_caller_can_call_the_databases_own_functions(
    server: Server, populated: str, function: str, actor: Actor
) -> None:
    with (
        acting_as(server, populated, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="permission denied for schema private"),
    ):
        connection.execute(f"select private.{function}()")


@pytest.mark.parametrize("actor", CALLERS, ids=str)
def test_no_caller_can_make_a_table_in_the_open(
    server: Server, populated: str, actor: Actor
) -> None:
    with (
        acting_as(server, populated, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="permission denied for schema public"),
    ):
        connection.execute("create table public.mine ()")


@pytest.mark.parametrize("actor", [ANONYMOUS, USER, WRITER, EXPORTER, SERVICE], ids=str)
@pytest.mark.parametrize("role", ["postgres", "supabase_admin", "supabase_auth_admin"])
def test_no_roles_of_the_api_are_members_of_a_mightier_one(
    server: Server, populated: str, actor: Actor, role: str
) -> None:
    with server.connect("postgres", populated) as connection:
        row = connection.execute("select pg_has_role(%s, %s, 'member')", [actor.role, role])
        assert row.fetchone() == (False,)
