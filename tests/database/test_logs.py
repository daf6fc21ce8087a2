"""What people wrote is not in PostgreSQL's own log, whatever was refused."""

from typing import Any

import psycopg
import pytest

from .cast import SERVICE, acting_as
from .conftest import ServerLog
from .rows import FAILED, captured, insert, update
from .server import Connection, Server
from .table_editor import editing

SECRET = "nobody may read this in a log"


def refused(dashboard: Connection, statement: str, *values: object) -> None:
    """Run what must fail, as PostgREST does: with every value as a parameter."""
    with pytest.raises(psycopg.Error) as refusal:
        dashboard.execute(statement.encode(), values)
    assert SECRET not in str(refusal.value)


CAPTURED: list[dict[str, Any]] = [
    {column: None}
    for column in (
        "id", "user_id", "predicted_intent", "confidence", "secondary_intents", "source",
        "model_version",
    )
]  # fmt: skip
BROKEN: list[dict[str, Any]] = [
    *CAPTURED,
    {"prompt": SECRET * 200}, {"confidence": 2}, {"scope": 2}, {"source": "guess"},
    {"model_version": ""}, {"model_version": "legacy"}, {"conversation_id": ""},
    {"message_index": -1}, {"runner_up_intent": "x"}, {"secondary_intents": {}},
]  # fmt: skip


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: next(iter(change)))
def test_a_row_that_cannot_be_captured_is_not_logged(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    row = {"prompt": SECRET, **change}
    with pytest.raises(psycopg.Error):
        insert(dashboard, **row)
    assert "ERROR" in server_log.since()
    assert SECRET not in server_log.since()


@pytest.mark.parametrize(
    "change",
    [
        {"workflow_type": ""}, {"workflow_type": "x" * 101}, {"execution_error": ""},
        {"correction_notes": "x" * 2001, "corrected_intent": "help"},
        {"corrected_intent": "help", "correction_notes": ""}, {"prompt": None},
        {"predicted_intent": None},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_refused_edit_of_a_row_does_not_log_the_row(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    with pytest.raises(psycopg.Error):
        update(dashboard, log_id, **change)
    assert "ERROR" in server_log.since()
    assert SECRET not in server_log.since()


@pytest.mark.parametrize(
    "change",
    [{"reviewer": ""}, {"reviewer": "x" * 201}, {"notes": ""}, {"notes": SECRET * 80},
     {"to_intent": "none"}, {"channel": "nowhere"}, {"log_id": None}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_refused_correction_is_not_logged(
    dashboard: Connection, server_log: ServerLog, change: dict[str, Any]
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    event = {
        "log_id": log_id,
        "to_intent": "help",
        "reviewer": "ann",
        "notes": SECRET,
        "channel": "api",
    }
    with dashboard.transaction(force_rollback=True):
        dashboard.execute("set local role service_role")
        refused(
            dashboard,
            """insert into public.correction_events (log_id, to_intent, reviewer, notes, channel)
               values (%s, %s, %s, %s, %s)""",
            *(event | change).values(),
        )
    assert "ERROR" in server_log.since()
    assert SECRET not in server_log.since()


def test_the_backends_broken_outcome_does_not_log_the_row(
    dashboard: Connection, server: Server, database: str, server_log: ServerLog
) -> None:
    log_id = insert(dashboard, prompt=SECRET)
    with acting_as(server, database, SERVICE) as backend, pytest.raises(psycopg.Error):
        update(backend, log_id, **(FAILED | {"workflow_type": ""}))
    assert "ERROR" in server_log.since()
    assert SECRET not in server_log.since()


def test_what_the_table_editor_is_refused_logs_no_row(
    dashboard: Connection, server: Server, database: str, server_log: ServerLog, tmp_path: Any
) -> None:
    insert(dashboard, prompt=SECRET, confidence=0.1)
    with editing(server, database, tmp_path) as editor:
        (item,) = editor.page("review_queue")
        for change in (
            {"corrected_intent": "none"}, {"reviewer": "legacy", "corrected_intent": "help"},
            {"text": None}, {"confidence": 1}, {"notes": "x" * 2001, "corrected_intent": "help"},
        ):  # fmt: skip
            assert editor.edit("review_queue", item, **change).status_code == 400
        (log,) = editor.page("nlu_prompt_logs")
        for change in ({"prompt": None}, {"workflow_type": ""}, {"corrected_intent": "none"}):
            assert editor.edit("nlu_prompt_logs", log, **change).status_code == 400
    assert server_log.since().count("ERROR") >= 8
    assert SECRET not in server_log.since()


def test_the_search_would_find_a_row_that_is_logged(
    dashboard: Connection, server_log: ServerLog
) -> None:
    dashboard.execute("alter table public.nlu_prompt_logs disable trigger before_10_validate")
    try:
        with pytest.raises(psycopg.errors.CheckViolation):
            insert(dashboard, prompt=SECRET, confidence=2)
    finally:
        dashboard.execute("alter table public.nlu_prompt_logs enable trigger before_10_validate")
    assert SECRET in server_log.since()
    assert captured()["prompt"] not in server_log.since()
