"""Helpers that insert, read and change rows as the functions and the dashboard do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb
from uuid6 import uuid7

from .actors import ALICE
from .server import Connection

CAPTURED_COLUMNS = (
    "id", "user_id", "prompt", "predicted_intent", "confidence", "secondary_intents",
    "needs_review", "source", "model_version", "conversation_id", "message_index", "scope",
    "runner_up_intent", "runner_up_confidence",
)  # fmt: skip
DERIVED_COLUMNS = (
    "text_key",
    "within_daily_cap",
    "has_review_reason",
    "is_audited",
    "audit_probability",
    "is_disputed",
    "change_number",
)
OUTCOME_COLUMNS = ("was_successful", "workflow_type", "execution_error")
CORRECTION_COLUMNS = (
    "corrected_intent",
    "corrected_secondary_intents",
    "correction_notes",
    "corrected_by",
)
TIME_COLUMNS = ("outcome_recorded_at", "corrected_at", "created_at", "updated_at")
COLUMNS = (
    *CAPTURED_COLUMNS,
    *DERIVED_COLUMNS,
    *OUTCOME_COLUMNS,
    *CORRECTION_COLUMNS,
    *TIME_COLUMNS,
)

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
FAILED_OUTCOME = {
    "was_successful": False,
    "workflow_type": "move",
    "execution_error": "no such event",
}
CORRECTION = {"corrected_intent": "help", "correction_notes": "asks how", "corrected_by": "ann"}


def build_row(**changes: Any) -> dict[str, Any]:
    """Return the columns of a captured row; `changes` replace or add columns."""
    row: dict[str, Any] = {
        "id": UUID(bytes=uuid7().bytes),
        "user_id": ALICE,
        "prompt": "push my dentist thing to friday",
        "predicted_intent": "reschedule",
        "confidence": 0.62,
        "secondary_intents": [],
        "needs_review": False,
        "source": "model",
        "model_version": "test-1",
        "conversation_id": None,
        "message_index": None,
        "scope": None,
        "runner_up_intent": None,
        "runner_up_confidence": None,
    }
    return row | changes


def insert(connection: Connection, **changes: Any) -> UUID:
    """Insert a captured row and return its id."""
    row = build_row(**changes)
    values = [Jsonb(v) if k == "secondary_intents" else v for k, v in row.items()]
    connection.execute(
        sql.SQL("insert into public.nlu_prompt_logs ({}) values ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        values,
    )
    log_id: UUID = row["id"]
    return log_id


def add_user(connection: Connection, user_id: UUID) -> None:
    """Add an account, unless it exists."""
    connection.execute("insert into auth.users (id) values (%s) on conflict do nothing", [user_id])


def read(connection: Connection, log_id: UUID, *columns: str) -> tuple[Any, ...]:
    """Return columns of a captured row."""
    query = sql.SQL("select {} from public.nlu_prompt_logs where id = %s").format(
        sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    row = connection.execute(query, [log_id]).fetchone()
    assert row is not None, "no such row"
    return row


def update(connection: Connection, log_id: UUID, **changes: Any) -> int:
    """Update a captured row with the role of the connection; return the number of rows updated."""
    query = sql.SQL("update public.nlu_prompt_logs set {} where id = %s").format(
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in changes)
    )
    return connection.execute(query, [*changes.values(), log_id]).rowcount


def update_as_backend(dashboard: Connection, log_id: UUID, **changes: Any) -> int:
    """Update a captured row as `record_outcome` does; return the number of rows updated."""
    with dashboard.transaction(), one_row_as_backend(dashboard):
        return update(dashboard, log_id, **changes)


@contextmanager
def one_row_as_backend(connection: Connection) -> Iterator[None]:
    """Change one row as `service_role`, as the functions of the backend do."""
    connection.execute("set local role service_role")
    connection.execute("select private.announce_one_row(true)")
    yield
    connection.execute("select private.announce_one_row(false)")


def correct(
    dashboard: Connection,
    log_id: UUID,
    intent: str | None,
    reviewer: str | None = "ann",
    notes: str | None = None,
    channel: str = "api",
    *,
    secondary: list[str] | None = None,
) -> int:
    """Insert a correction as the backend does; return the number of events inserted."""
    with dashboard.transaction(), one_row_as_backend(dashboard):
        return dashboard.execute(
            """insert into public.correction_events
                 (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
               values (%s, %s, %s, %s, %s, %s)""",
            [log_id, intent, secondary, reviewer, notes, channel],
        ).rowcount


def refresh_queue(dashboard: Connection) -> None:
    """Run the nightly refreshment of the queue over all items."""
    last_text: object = b""
    while last_text is not None:
        row = dashboard.execute("select private.refresh_queue_items(%s)", [last_text]).fetchone()
        last_text = row[0] if row else None


def complete_captures(dashboard: Connection) -> int:
    """Run the job of every minute once, and return how many captures it completed."""
    row = dashboard.execute("select private.complete_captures()").fetchone()
    return int(str(row[0])) if row else 0


def count_days(dashboard: Connection) -> int:
    """Run the job that counts changed days, and return how many it counted."""
    days = 0
    while dashboard.execute("select private.count_changed_day()").fetchone() != (0,):
        days += 1
    return days


def erase(dashboard: Connection, user_id: UUID) -> dict[str, Any]:
    """Erase a user as the backend does, step by step, and return the receipt."""

    def call(function: str) -> Any:
        with dashboard.transaction():
            dashboard.execute("set local role service_role")
            row = dashboard.execute(f"select public.{function}(%s)".encode(), [user_id]).fetchone()
        return row[0] if row else None

    counts_before, steps = call("count_user_data"), 0
    step: dict[str, Any] = {"finished": False}
    while not step["finished"]:
        assert steps < 100, "the erasure does not end"
        step, steps = call("continue_erasure"), steps + 1
    counts = {"counts_before": counts_before, "counts_after": call("count_user_data")}
    return step | counts


def edit_queue_item(dashboard: Connection, text: str, /, **changes: Any) -> int:
    """Edit the queue item of a text as the dashboard does; return the number of rows updated."""
    query = sql.SQL("update public.review_queue set {} where text = %s").format(
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in changes)
    )
    return dashboard.execute(query, [*changes.values(), text]).rowcount
