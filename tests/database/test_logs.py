"""PostgreSQL's log contains no text of a user, whichever statement is refused."""

from typing import Any

import psycopg
import pytest

from .actors import SERVICE, connect_as
from .conftest import ServerLog
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
