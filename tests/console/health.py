"""Figures of some days, planted, for the screen of health."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from infra.local.stack import Stack
from tests.database.rows import complete_captures, correct, count_days

from .models import register_models

TODAY = datetime.now(UTC).date()
SECRET = "a text that no viewer may see"
AUDITED_DAY = 5
# Days ago, intent, version, source, outcome, tenth of the confidence and of the scope, messages.
COUNTS = (
    (3, "search", "rules-7", "rule", "unknown", 9, -1, 12),
    (3, "search", "model-7", "model", "successful", 9, 8, 20),
    (3, "email", "model-7", "model", "failed", 1, 0, 10),
    (1, "search", "model-8", "model", "failed", 9, 9, 6),
    (1, "email", "model-8", "model", "successful", 8, 0, 18),
)
BACKLOGS = ((4, 31, 5, 2), (2, 47, 9, 4))
"""Days ago, texts that waited, audits among them, and the age of the oldest in days."""


def days_ago(days: int) -> date:
    """Return a day (UTC)."""
    return TODAY - timedelta(days=days)


def plant_audits(
    database: psycopg.Connection[tuple[Any, ...]], capture: Callable[..., UUID]
) -> None:
    """Capture 40 audited messages of one day, and decide them: 36 were right, four were not."""
    database.execute("update private.settings set audit_rate = 1")
    noon = datetime.combine(days_ago(AUDITED_DAY), datetime.min.time(), UTC) + timedelta(hours=12)
    for number in range(40):
        log_id = capture(
            f"{SECRET}, number {number}",
            confidence=0.95 if number < 30 else 0.35,
            created_at=noon,
            model_version="model-6",
        )
        correct(database, log_id, "help" if number >= 36 else "reschedule", "grace")
    complete_captures(database)
    count_days(database)


def plant_figures(database: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Record counts, backlogs and an export that is overdue."""
    with database.cursor() as cursor:
        cursor.executemany(
            """insert into public.daily_counts (day, predicted_intent, model_version, source,
                 outcome, confidence_band, scope_band, messages, within_daily_cap)
               values (%s, %s, %s, %s, %s, %s, %s, %s, true)""",
            [(days_ago(days), *columns) for days, *columns in COUNTS],
        )
        cursor.executemany(
            """insert into public.daily_backlogs (day, waiting, audits_waiting, oldest_waiting_since)
               values (%s, %s, %s, (%s::timestamp at time zone 'UTC') + interval '1 day')""",
            [
                (days_ago(days), waiting, audits, days_ago(days + age))
                for days, waiting, audits, age in BACKLOGS
            ],
        )
        cursor.executemany(
            """insert into public.dataset_exports
                 (series, bucket, manifest, window_from, window_to, lines, exported_at)
               values ('weekly', 'bucket', %s, 0, 1, 100, now() - make_interval(days => %s))""",
            [("one", 19), ("two", 10)],
        )


def open_alert(database: psycopg.Connection[tuple[Any, ...]], rule: str, subject: str) -> None:
    """Open an alert as the monitor does."""
    finding = {
        "rule": rule,
        "subject": subject,
        "since": datetime.now(UTC).isoformat(),
        "summary": f"The rule {rule} fired for {subject}.",
        "runbook": f"docs/how-to/operate.md#{rule.replace('_', '-')}",
    }
    database.execute("select private.record_alerts(%s, %s)", [Jsonb([finding]), [rule]])


def plant_health(
    stack: Stack, database: psycopg.Connection[tuple[Any, ...]], capture: Callable[..., UUID]
) -> None:
    """Plant figures of every chart, marks and an alert."""
    plant_audits(database, capture)
    plant_figures(database)
    register_models(stack)
    open_alert(database, "workflows_fail", "search")
