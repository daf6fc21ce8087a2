"""PostgreSQL's log contains no text of a user, whichever statement is refused."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from uuid6 import uuid7

from .actors import EXPORTER, REGISTRAR, SERVICE, WRITER, Actor, connect_as
from .conftest import ServerLog
from .registry import build_model, connect_registrar, register
from .rows import FAILED_OUTCOME, build_row, insert, update
from .server import Connection, Server
from .table_editor import run_table_editor

SECRET = "this text must not be logged"


def assert_refused(dashboard: Connection, statement: str, *values: object) -> None:
    """Run a statement that must fail with every value as a parameter, as PostgREST does."""
    with pytest.raises(psycopg.Error) as refused:
        dashboard.execute(statement.encode(), values)
    assert SECRET not in str(refused.value)


NULLS: list[dict[str, Any]] = [
    {column: None}
    for column in (
        "id", "user_id", "predicted_intent", "confidence", "secondary_intents", "source",
        "model_version",
    )
]  # fmt: skip
VIOLATIONS: list[dict[str, Any]] = [
    *NULLS,
    {"prompt": SECRET * 200}, {"confidence": 2}, {"scope": 2}, {"source": "guess"},
    {"model_version": ""}, {"model_version": "legacy"}, {"conversation_id": ""},
    {"message_index": -1}, {"runner_up_intent": "x"}, {"secondary_intents": {}},
]  # fmt: skip


@pytest.mark.parametrize("change", VIOLATIONS, ids=lambda change: next(iter(change)))
def test_a_refused_capture_is_not_logged(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    row = {"prompt": SECRET, **change}
    with pytest.raises(psycopg.Error):
        insert(dashboard, **row)
    assert "ERROR" in server_log.read()
    assert SECRET not in server_log.read()


@pytest.mark.parametrize(
    "change",
    [
        {"workflow_type": ""}, {"workflow_type": "x" * 101}, {"execution_error": ""},
        {"correction_notes": "x" * 2001, "corrected_intent": "help"},
        {"corrected_intent": "help", "correction_notes": ""}, {"prompt": None},
        {"corrected_intent": "help", "corrected_secondary_intents": [SECRET]},
        {"corrected_secondary_intents": [SECRET]},
        {"predicted_intent": None},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_refused_edit_of_a_captured_row_does_not_log_the_row(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    with pytest.raises(psycopg.Error):
        update(dashboard, log_id, **change)
    assert "ERROR" in server_log.read()
    assert SECRET not in server_log.read()


@pytest.mark.parametrize(
    "change",
    [{"reviewer": ""}, {"reviewer": "x" * 201}, {"notes": ""}, {"notes": SECRET * 80},
     {"to_intent": "none"}, {"to_secondary_intents": [SECRET]},
     {"channel": "nowhere"}, {"log_id": None}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_refused_correction_is_not_logged(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    event = {
        "log_id": log_id,
        "to_intent": "help",
        "to_secondary_intents": [],
        "reviewer": "ann",
        "notes": SECRET,
        "channel": "api",
    }
    with dashboard.transaction(force_rollback=True):
        dashboard.execute("set local role service_role")
        assert_refused(
            dashboard,
            """insert into public.correction_events
                 (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
               values (%s, %s, %s, %s, %s, %s)""",
            *(event | change).values(),
        )
    assert "ERROR" in server_log.read()
    assert SECRET not in server_log.read()


def test_a_refused_outcome_does_not_log_the_row(
    dashboard: Connection, server: Server, database: str, server_log: ServerLog
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    with connect_as(server, database, SERVICE) as backend, pytest.raises(psycopg.Error):
        update(backend, log_id, **(FAILED_OUTCOME | {"workflow_type": ""}))
    assert "ERROR" in server_log.read()
    assert SECRET not in server_log.read()


def test_a_refused_edit_in_the_table_editor_does_not_log_the_row(
    dashboard: Connection, server: Server, database: str, server_log: ServerLog, tmp_path: Any
) -> None:
    insert(dashboard, prompt=SECRET, confidence=0.1)
    with run_table_editor(server, database, tmp_path) as editor:
        (item,) = editor.open_table("review_queue")
        for change in (
            {"corrected_intent": "none"}, {"reviewer": "legacy", "corrected_intent": "help"},
            {"text": None}, {"confidence": 1}, {"notes": "x" * 2001, "corrected_intent": "help"},
        ):  # fmt: skip
            assert editor.edit("review_queue", item, **change).status_code == 400
        (log,) = editor.open_table("nlu_prompt_logs")
        for change in ({"prompt": None}, {"workflow_type": ""}, {"corrected_intent": "none"}):
            assert editor.edit("nlu_prompt_logs", log, **change).status_code == 400
    assert server_log.read().count("ERROR") >= 8
    assert SECRET not in server_log.read()


# Functions ----------------------------------------------------------------------------------

NUMBERS_AS_TEXT = {"window_from", "window_to", "after_change", "after_text"}
"""Arguments of the exporter that hold a number, or a key in hexadecimal digits, and no content."""

ORDINARY: dict[str, object] = {
    "version": "registered", "to_intent": "help", "channel": "api", "to_secondary_intents": [],
}  # fmt: skip
"""Arguments of which another value is refused before the rest is looked at."""

MODEL = build_model(
    "a", artifact_url=SECRET, labels=[SECRET], datasets=[{"source": SECRET, "examples_by_tier": {}}]
)


def hostile_values(name: str, data_type: str, log_id: UUID) -> Sequence[object]:
    """Return values of a type, of which the first is an ordinary one."""
    if name in NUMBERS_AS_TEXT:
        return ["0", "-1", "9" * 30, "x", None]
    texts = [SECRET, "", SECRET * 400, "dashboard", "x\ty", None]
    lists = [[SECRET], [], [SECRET, SECRET], [SECRET, None], [[SECRET], ["help"]], [SECRET * 400]]
    values: dict[str, Sequence[object]] = {
        "text": texts,
        "text[]": [*lists, None],
        "uuid": [log_id, uuid7(), UUID(int=0), None],
        "uuid[]": [[log_id], [], [None], [log_id, uuid7()], None],
        "boolean": [True, False, None],
        "integer": [1, 0, -1, 2**31 - 1, None],
        "bigint": [1, 0, -1, 2**63 - 1, None],
        "bigint[]": [[1], [], [None], [1, 2**63 - 1], None],
        "double precision": [0.5, float("nan"), -1e308, None],
        "timestamp with time zone": ["2026-01-01", "infinity", "-infinity", None],
        "jsonb": hostile_json(),
    }
    return values[data_type]


def hostile_json() -> list[object]:
    """Return JSON that is a model or evidence, and JSON that is neither."""
    models = [
        MODEL | {column: value} for column in MODEL
        for value in (None, "", SECRET, SECRET * 2000, [SECRET], [[SECRET]], {"a": SECRET}, -1)
    ]  # fmt: skip
    missing = [{key: MODEL[key] for key in MODEL if key != column} for column in MODEL]
    other = [None, [], {}, SECRET, [SECRET], [[SECRET]], {"a": SECRET}, {"a": SECRET * 9000}]
    prompts = [[{"id": str(UUID(int=0)), "prompt": SECRET, "message_index": 1e30}]]
    return [json.dumps(value) for value in [MODEL, *other, *prompts, *models, *missing]]


def hostile_calls(
    dashboard: Connection, actor: Actor, log_id: UUID
) -> Iterator[tuple[str, list[object]]]:
    """Yield calls of every public function that a role may call, one unusual value in each."""
    functions: list[tuple[Any, ...]] = dashboard.execute(
        """select oid::regproc::text, proargnames, array(
             select format_type(type, null)
             from unnest(proargtypes) with ordinality as types (type, position) order by position
           ) from pg_proc
           where pronamespace = 'public'::regnamespace
             and has_function_privilege(%s, oid, 'execute') and prokind = 'f'
             and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')""",
        [actor.role],
    ).fetchall()
    for function, names, types in functions:
        values = [
            hostile_values(name, data_type, log_id)
            for name, data_type in zip(names or [], types, strict=False)
        ]
        arguments = ", ".join(f"%s::{data_type}" for data_type in types)
        for position, of_this in enumerate(values):
            for value in of_this:
                call_values = [
                    ORDINARY.get(name, others[0])
                    for name, others in zip(names or [], values, strict=False)
                ]
                call_values[position] = value
                yield f"select public.{function}({arguments})", call_values


@pytest.mark.parametrize("actor", [WRITER, EXPORTER, REGISTRAR, SERVICE], ids=str)
def test_no_refused_call_of_a_function_is_logged(
    dashboard: Connection, server: Server, database: str, server_log: ServerLog, actor: Actor
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    with connect_registrar(server, database) as registrar:
        register(registrar, "registered")
    calls, refused = list(hostile_calls(dashboard, actor, log_id)), 0

    quoting = set()
    with connect_as(server, database, actor) as connection:
        for statement, values in calls:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode(), values)
            except psycopg.Error as error:
                refused += 1
                if SECRET in f"{error} {error.diag.message_detail}":
                    quoting.add(statement)

    assert quoting == set()
    assert refused > 0
    assert server_log.read().count("ERROR") >= refused
    assert SECRET not in server_log.read()


def test_a_row_is_logged_without_the_validation_trigger(
    dashboard: Connection, server_log: ServerLog
) -> None:
    """This proves that the other tests would find a logged row."""
    dashboard.execute("alter table public.nlu_prompt_logs disable trigger before_10_validate")
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            insert(dashboard, prompt=SECRET, confidence=2)
    finally:
        dashboard.execute("alter table public.nlu_prompt_logs enable trigger before_10_validate")
    assert SECRET in server_log.read()
    assert build_row()["prompt"] not in server_log.read()
