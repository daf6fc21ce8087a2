"""What each caller can and cannot do through PostgREST with its token."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from prompt_capture.bootstrap import access
from prompt_capture.bootstrap.console import CONSOLE_TIMEOUT_SECONDS

from .actors import (
    ALICE,
    ANONYMOUS,
    BOB,
    EXPORTER,
    OTHER_USER,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
)
from .api import PostgrestClient, run_postgrest
from .rows import add_user, build_row, correct, insert
from .server import Connection, Server
from .test_documentation import DOCUMENT

LOGS = "/nlu_prompt_logs"
IGNORE_DUPLICATES = {"Prefer": "resolution=ignore-duplicates,return=minimal"}
RETURN_ROWS = {"Prefer": "return=representation"}


@pytest.fixture(scope="module")
def writable(server: Server, template: str) -> str:
    """A database that these tests write to."""
    server.copy_database(template, "writable")
    with server.connect("postgres", "writable") as connection:
        add_user(connection, ALICE)
        add_user(connection, BOB)
        insert(connection, user_id=ALICE, prompt="alice's secret")
        insert(connection, user_id=BOB)
    return "writable"


@pytest.fixture(scope="module")
def many_rows(server: Server, writable: str) -> None:
    """Insert 40,000 rows from Bob, a third of them with one text, and collect statistics."""
    with (
        server.connect("supabase_admin", writable) as connection,
        connection.transaction(),
    ):
        connection.execute("set local session_replication_role = replica")
        connection.execute(
            """insert into public.nlu_prompt_logs
                 (id, user_id, prompt, predicted_intent, confidence, source, model_version,
                  text_key, created_at, updated_at)
               select gen_random_uuid(), %s, 'x', 'help', 1, 'model', 'many',
                 case when n %% 3 = 0 then 'thanks' else n::text end::bytea, moment, moment
               from generate_series(1, 40000) as numbers (n), lateral (
                 select timestamptz '2026-01-01' + n * interval '10 minutes' as moment
               ) as moments""",
            [BOB],
        )
    with server.connect("postgres", writable) as connection:
        connection.execute("analyze public.nlu_prompt_logs")


@pytest.fixture(scope="module")
def api(
    server: Server, writable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgrestClient]:
    """PostgREST on the writable database."""
    with run_postgrest(server, writable, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def build_body(**changes: Any) -> dict[str, Any]:
    """Return a captured row as a JSON object."""
    row = build_row(**changes)
    return row | {"id": str(row["id"]), "user_id": str(row["user_id"])}


@pytest.mark.parametrize("actor", [WRITER, SERVICE], ids=str)
@pytest.mark.parametrize("query", [{}, {"on_conflict": "id"}], ids=["primary key", "named"])
def test_a_repeated_capture_succeeds_and_stores_one_row(
    api: PostgrestClient, actor: Actor, query: dict[str, str]
) -> None:
    row = build_body()
    for _ in range(2):
        response = api.request(
            actor, "POST", LOGS, params=query, json=row, headers=IGNORE_DUPLICATES
        )
        assert (response.status_code, response.text) == (201, "")
    changed = row | {"prompt": "something else"}
    api.request(actor, "POST", LOGS, params=query, json=changed, headers=IGNORE_DUPLICATES)
    stored = api.request(SERVICE, "GET", LOGS, params={"id": f"eq.{row['id']}"}).json()
    assert [log["prompt"] for log in stored] == [row["prompt"]]


def test_several_prompts_are_captured_in_one_request(api: PostgrestClient) -> None:
    rows = [build_body() for _ in range(3)]
    response = api.request(WRITER, "POST", LOGS, json=[*rows, rows[0] | {"id": str(uuid4())}])
    assert response.status_code == 201


@pytest.mark.parametrize(
    "column", ["created_at", "was_successful", "corrected_intent", "text_key", "updated_at"]
)
def test_the_writer_can_set_captured_columns_only(api: PostgrestClient, column: str) -> None:
    response = api.request(
        WRITER, "POST", LOGS, json=build_body() | {column: None}, headers=IGNORE_DUPLICATES
    )
    assert (response.status_code, response.json()["code"]) == (403, "42501")


def test_an_error_response_does_not_contain_the_prompt(api: PostgrestClient) -> None:
    response = api.request(
        WRITER, "POST", LOGS, json=build_body(prompt="hush " * 900), headers=IGNORE_DUPLICATES
    )
    assert response.status_code == 400
    assert response.json()["code"] == "23514"
    assert "hush" not in response.text


@pytest.mark.parametrize("actor", [None, ANONYMOUS], ids=["no token", "anonymous"])
@pytest.mark.parametrize("path", [LOGS, "/intent_catalogue"])
def test_anonymous_callers_can_read_nothing(
    api: PostgrestClient, actor: Actor | None, path: str
) -> None:
    response = api.request(actor, "GET", path)
    assert (response.status_code, response.json()["code"]) == (401, "42501")


def test_the_api_description_shows_anonymous_callers_no_tables(api: PostgrestClient) -> None:
    assert set(api.request(None, "GET", "/").json()["paths"]) == {"/"}


def test_users_read_only_their_own_rows_whatever_the_filter(api: PostgrestClient) -> None:
    rows = api.request(USER, "GET", LOGS, params={"select": "*"}).json()
    assert {row["user_id"] for row in rows} == {str(ALICE)}
    alices = {"user_id": f"eq.{ALICE}"}
    assert api.request(OTHER_USER, "GET", LOGS, params=alices).json() == []
    assert api.request(REVIEWER, "GET", LOGS).json() == []
    either = {"or": f"(user_id.eq.{ALICE},user_id.eq.{BOB})"}
    rows = api.request(OTHER_USER, "GET", LOGS, params=either).json()
    assert {row["user_id"] for row in rows} == {str(BOB)}


@pytest.mark.parametrize("actor", [USER, OTHER_USER, REVIEWER, EXPORTER], ids=str)
def test_a_forged_prediction_is_refused(api: PostgrestClient, actor: Actor) -> None:
    forged = build_body(
        user_id=str(actor.subject or ALICE), confidence=0.999, predicted_intent="help"
    )
    for headers in ({}, IGNORE_DUPLICATES, {"Prefer": "resolution=merge-duplicates"}):
        response = api.request(actor, "POST", LOGS, json=forged, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "42501")


@pytest.mark.parametrize("actor", [USER, OTHER_USER, REVIEWER, EXPORTER, WRITER], ids=str)
@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 1},
        {"corrected_intent": "help"},
        {"was_successful": True},
        {"user_id": str(BOB)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_only_the_backend_can_update_a_row(
    api: PostgrestClient, actor: Actor, change: dict[str, object]
) -> None:
    for query in ({}, {"user_id": f"eq.{ALICE}"}):
        response = api.request(actor, "PATCH", LOGS, params=query, json=change)
        assert (response.status_code, response.json()["code"]) == (403, "42501")


@pytest.mark.parametrize("actor", [USER, REVIEWER, EXPORTER, WRITER, SERVICE], ids=str)
def test_no_caller_can_delete_a_row(api: PostgrestClient, actor: Actor) -> None:
    response = api.request(actor, "DELETE", LOGS, params={"user_id": f"eq.{ALICE}"})
    assert (response.status_code, response.json()["code"]) == (403, "42501")


def test_a_repeated_outcome_returns_the_same_row(api: PostgrestClient) -> None:
    row = build_body()
    api.request(WRITER, "POST", LOGS, json=row, headers=IGNORE_DUPLICATES)
    outcome = {"was_successful": False, "workflow_type": "move", "execution_error": "not found"}
    first, second = (
        api.request(
            SERVICE,
            "PATCH",
            LOGS,
            params={"id": f"eq.{row['id']}"},
            json=outcome,
            headers=RETURN_ROWS,
        ).json()
        for _ in range(2)
    )
    assert len(first) == 1
    assert first == second


@pytest.mark.parametrize("intent", ["sheduling", "Help", ""])
def test_a_correction_to_an_unknown_intent_is_a_conflict(api: PostgrestClient, intent: str) -> None:
    (row, *_) = api.request(SERVICE, "GET", LOGS, params={"user_id": f"eq.{ALICE}"}).json()
    event = {"log_id": row["id"], "to_intent": intent, "reviewer": "ann", "channel": "api"}
    response = api.request(SERVICE, "POST", "/correction_events", json=event)
    assert (response.status_code, response.json()["code"]) == (409, "23503")
    assert "secret" not in response.text


def test_the_exporter_reads_texts_but_not_their_senders(api: PostgrestClient) -> None:
    columns = "id,prompt,predicted_intent,confidence,corrected_intent,created_at"
    response = api.request(EXPORTER, "GET", LOGS, params={"select": columns})
    assert "alice's secret" in {row["prompt"] for row in response.json()}
    for hidden in ("*", "user_id", "conversation_id", "execution_error", "is_disputed"):
        response = api.request(EXPORTER, "GET", LOGS, params={"select": hidden})
        assert (response.status_code, response.json()["code"]) == (403, "42501")
    query = {"select": "prompt", "user_id": f"eq.{ALICE}"}
    assert api.request(EXPORTER, "GET", LOGS, params=query).status_code == 403


def test_a_capture_that_waits_for_a_lock_is_cancelled_after_two_seconds(
    api: PostgrestClient, server: Server, writable: str
) -> None:
    with server.connect("postgres", writable, autocommit=False) as other:
        other.execute("lock table public.nlu_prompt_logs in exclusive mode")
        response = api.request(WRITER, "POST", LOGS, json=build_body(), headers=IGNORE_DUPLICATES)
    assert response.json()["code"] == "57014", "statement_timeout of prompt_writer"
    assert 2 <= response.elapsed.total_seconds() < 4


COSTLY = "match.((a?){30}){30}"
"""A regular expression that takes minutes to compile."""


@pytest.fixture(scope="module")
def bounded(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgrestClient]:
    """PostgREST on a database with the documented bound, and with no other one."""
    server.copy_database(template, "bounded")
    snippet = re.search(
        r"^  (create function public.bound_requests.+?)^  ```", DOCUMENT, re.MULTILINE | re.DOTALL
    )
    assert snippet
    statements = snippet[1].replace("authenticator set", "authenticator in database bounded set")
    with server.connect("postgres", "bounded") as connection:
        add_user(connection, ALICE)
        insert(connection, prompt="alice's secret")
        for number in range(40):
            correct(connection, insert(connection, prompt=f"text {number}"), "help")
    with server.connect("supabase_admin", "bounded") as admin:
        admin.execute(statements.encode())
        for role in ("authenticator", "authenticated"):
            admin.execute(
                f"alter role {role} in database bounded set statement_timeout = 0".encode()
            )
    with run_postgrest(server, "bounded", tmp_path_factory.mktemp("bounded")) as running:
        yield running


@pytest.mark.parametrize("path", [LOGS, "/%6Elu_prompt_logs"])
def test_the_documented_bound_ends_a_costly_read(bounded: PostgrestClient, path: str) -> None:
    response = bounded.request(USER, "GET", path, params={"prompt": COSTLY})

    assert response.json()["code"] == "57014"


def test_the_documented_bound_ends_a_read_that_embeds_rows_in_rows(
    bounded: PostgrestClient,
) -> None:
    rows = "nlu_prompt_logs(id)"
    for _ in range(4):
        rows = f"nlu_prompt_logs(intent_catalogue({rows}))"
    response = bounded.request(USER, "GET", "/intent_catalogue", params={"select": rows})

    assert response.json()["code"] == "57014"


@pytest.mark.parametrize("path", [LOGS, "/intent_catalogue", "/review_queue"])
def test_the_database_refuses_anonymous_callers_before_it_compiles_their_filter(
    bounded: PostgrestClient, path: str
) -> None:
    column = {LOGS: "prompt", "/intent_catalogue": "intent", "/review_queue": "text"}[path]
    response = bounded.request(None, "GET", path, params={column: COSTLY})

    assert response.json()["code"] == "42501"


def test_the_documented_bound_changes_nothing_else(bounded: PostgrestClient) -> None:
    read = bounded.request(USER, "GET", LOGS, params={"prompt": "match.^alice"})
    captured = bounded.request(WRITER, "POST", LOGS, json=build_body(), headers=IGNORE_DUPLICATES)
    called = bounded.request(USER, "POST", "/rpc/console_role")

    assert [row["prompt"] for row in read.json()] == ["alice's secret"]
    assert captured.status_code == 201
    assert (called.status_code, called.json()) == (200, None)


RESTRICTED_PATHS = ("/review_queue", "/correction_events", "/labelled_texts", "/daily_counts",
          "/daily_audits", "/daily_backlogs", "/alerts", "/exported_rows", "/live_accuracy",
          "/disputed_texts", "/exportable_prompts")  # fmt: skip


@pytest.mark.parametrize("actor", [None, USER, OTHER_USER, REVIEWER, WRITER], ids=str)
@pytest.mark.parametrize("path", RESTRICTED_PATHS)
def test_users_and_the_publishable_key_cannot_access_tables_about_other_users(
    api: PostgrestClient, actor: Actor | None, path: str
) -> None:
    row = {"corrected_intent": "help", "to_intent": "help", "reviewer": "mallory"}
    responses = [
        api.request(actor, "GET", path),
        api.request(actor, "POST", path, json=row),
        api.request(actor, "PATCH", path, json=row),
        api.request(actor, "DELETE", path),
    ]
    assert not any(response.is_success for response in responses)
    assert responses[0].json()["code"] == "42501"
    assert not any("secret" in response.text for response in responses)


@pytest.mark.parametrize("actor", [None, USER, OTHER_USER, REVIEWER, WRITER, EXPORTER], ids=str)
@pytest.mark.parametrize("function", ["continue_erasure", "count_user_data"])
def test_only_the_backend_can_erase_a_user(
    api: PostgrestClient, actor: Actor | None, function: str
) -> None:
    response = api.request(actor, "POST", f"/rpc/{function}", json={"user_id": str(ALICE)})
    assert response.status_code in {401, 403, 404}
    assert api.request(USER, "GET", LOGS).json() != []


@pytest.mark.parametrize("function", ["erase", "delete_expired_rows", "prepare_capture"])
def test_private_functions_are_not_exposed(api: PostgrestClient, function: str) -> None:
    response = api.request(SERVICE, "POST", f"/rpc/{function}", json={})
    assert response.status_code == 404


def test_a_repeated_correction_is_stored_as_one_event(api: PostgrestClient) -> None:
    row = build_body()
    api.request(WRITER, "POST", LOGS, json=row, headers=IGNORE_DUPLICATES)
    event = {"log_id": row["id"], "to_intent": "help", "reviewer": "ann", "channel": "api"}
    for _ in range(2):
        assert api.request(SERVICE, "POST", "/correction_events", json=event).status_code == 201
    stored = api.request(SERVICE, "GET", "/correction_events", params={"log_id": f"eq.{row['id']}"})
    assert len(stored.json()) == 1


def test_a_correction_of_an_unknown_row_is_not_found(api: PostgrestClient) -> None:
    event = {"log_id": str(uuid4()), "to_intent": "help", "reviewer": "ann", "channel": "api"}
    response = api.request(SERVICE, "POST", "/correction_events", json=event)
    assert (response.status_code, response.json()["code"]) == (404, "PT404")


SENSITIVE_FILTERS = {
    "user_id": (f"eq.{BOB}", f"eq.{uuid4()}"),
    "text_key": (r"eq.\x7468616e6b73", r"eq.\x6e6f2073756368"),
    "id": ("lte.40000000-0000-0000-0000-000000000000", "lte.c0000000-0000-0000-0000-000000000000"),
    "updated_at": ("gt.2026-03-01", "gt.2026-11-01"),
}


@pytest.mark.parametrize("column", SENSITIVE_FILTERS)
def test_a_planned_count_reveals_no_texts_ids_or_times_of_other_users(
    api: PostgrestClient, many_rows: None, column: str
) -> None:
    """Estimates that depend on a filter would reveal the values of rows, bit by bit."""

    def estimate_rows(condition: str) -> str:
        response = api.request(
            USER, "GET", LOGS, params={"select": "id", "limit": "0", column: condition},
            headers={"Prefer": "count=planned"},
        )  # fmt: skip
        assert response.is_success
        return str(response.headers["Content-Range"])

    matching, not_matching = SENSITIVE_FILTERS[column]
    assert estimate_rows(matching) == estimate_rows(not_matching)


def test_the_statistics_of_capture_times_hold_only_the_first_and_the_last(
    server: Server, writable: str, many_rows: None
) -> None:
    with server.connect("postgres", writable) as connection:
        bounds = connection.execute(
            """select cardinality(histogram_bounds::text::timestamptz[]) from pg_stats
               where tablename = 'nlu_prompt_logs' and attname = 'created_at'"""
        ).fetchall()
    assert bounds == [(2,)]


def test_a_row_shows_no_correction_that_was_made_before_its_capture(api: PostgrestClient) -> None:
    first = build_body(prompt="a text that two users send", user_id=BOB, confidence=0.1)
    api.request(WRITER, "POST", LOGS, json=first)
    event = {"log_id": first["id"], "to_intent": "help", "reviewer": "grace", "channel": "api"}
    api.request(SERVICE, "POST", "/correction_events", json=event)
    later = build_body(prompt="A text that two users send", confidence=0.1)
    api.request(WRITER, "POST", LOGS, json=later)

    (bobs,) = api.request(OTHER_USER, "GET", LOGS, params={"id": f"eq.{first['id']}"}).json()
    (alices,) = api.request(USER, "GET", LOGS, params={"id": f"eq.{later['id']}"}).json()

    assert (bobs["corrected_intent"], bobs["corrected_by"]) == ("help", "grace")
    for column in ("corrected_intent", "corrected_by", "corrected_at"):
        assert alices[column] is None
    for embedded in ("correction_events(*)", "intent_catalogue(*),correction_events(reviewer)"):
        response = api.request(OTHER_USER, "GET", LOGS, params={"select": f"id,{embedded}"})
        assert not response.is_success
        assert "grace" not in response.text


def test_clients_wait_longer_than_a_statement_may_take(dashboard: Connection) -> None:
    limits = dashboard.execute(
        """select name, extract(epoch from split_part(setting, '=', 2)::interval)::float from (
             select rolname::text as name, unnest(rolconfig) as setting from pg_roles
             union all
             select 'a function', unnest(proconfig) from pg_proc
             where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
           ) as settings where setting like 'statement_timeout=%'"""
    ).fetchall()
    waits = {
        "a function": access.PAGE_TIMEOUT_SECONDS,
        access.EXPORTER_ROLE: access.PAGE_TIMEOUT_SECONDS,
        access.REGISTRAR_ROLE: access.REGISTRY_TIMEOUT_SECONDS,
        access.MONITOR_ROLE: access.MONITORING_TIMEOUT_SECONDS,
        "authenticated": CONSOLE_TIMEOUT_SECONDS,
    }
    compared = {name: limit for name, limit in limits if name in waits}
    assert compared.keys() == waits.keys()
    assert {
        name for name, limit in compared.items() if waits[str(name)] <= float(str(limit))
    } == set()
