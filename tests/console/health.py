"""Figures of some days, planted, for the screen of health."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from infra.local.stack import Stack
from infra.local.users import User
from tests.database.rows import complete_captures, correct, count_days

from .browser import Console
from .models import register_models

TODAY = datetime.now(UTC).date()
NONE = "\N{EN DASH}"
"""What is shown where there is no figure."""
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

_COUNT = """
insert into public.daily_counts (day, predicted_intent, model_version, source, outcome,
  confidence_band, scope_band, messages, is_confident, is_out_of_scope, within_daily_cap)
select day, intent, version, source, outcome, band, scope, messages, band >= 7,
  scope between 0 and 4, true
from (values (%s::date, %s, %s, %s, %s, %s, %s, %s))
  as counts (day, intent, version, source, outcome, band, scope, messages)"""
_AUDIT = """
insert into public.daily_audits (day, model_version, source, predicted_intent, label,
  confidence_band, messages, audit_probability)
values (%s, %s, 'model', %s, %s, %s, %s, 0.125)"""
_BACKLOG = """
insert into public.daily_backlogs (day, waiting, audits_waiting, oldest_waiting_since)
values (%s, %s, %s, (%s::timestamp at time zone 'UTC') + interval '1 day')
on conflict (day) do update set waiting = excluded.waiting,
  audits_waiting = excluded.audits_waiting, oldest_waiting_since = excluded.oldest_waiting_since"""


def days_ago(days: int) -> date:
    """Return a day (UTC)."""
    return TODAY - timedelta(days=days)


def plant_audits(
    database: psycopg.Connection[tuple[Any, ...]],
    capture: Callable[..., UUID],
    audited_day: int = AUDITED_DAY,
) -> None:
    """Capture 40 audited messages of one day, and decide them: 36 were right, four were not."""
    database.execute("update private.settings set audit_rate = 1")
    noon = datetime.combine(days_ago(audited_day), datetime.min.time(), UTC) + timedelta(hours=12)
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
        cursor.executemany(_COUNT, [(days_ago(days), *columns) for days, *columns in COUNTS])
        cursor.executemany(
            _BACKLOG,
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


@contextmanager
def plant_marks(database: psycopg.Connection[tuple[Any, ...]]) -> Iterator[None]:
    """Deploy two packages, and have another intent until the end of the block."""
    for package, days in (("aaaaaaaaaaaa", 9), ("bbbbbbbbbbbb", 2)):
        database.execute(
            """insert into private.deployments (package, first_seen_at)
               values (%s, now() - make_interval(days => %s))""",
            [package, days],
        )
    database.execute(
        """insert into public.intent_catalogue (intent, domain, description)
           values ('travel', 'travel', 'Book a trip.')"""
    )
    try:
        yield
    finally:
        database.execute("delete from public.intent_catalogue where intent = 'travel'")


def plant_runs(database: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Record that retention is done, and a retraining that did not end."""
    database.execute("update private.monitoring set retained_at = now() - interval '1 day'")
    database.execute(
        """insert into private.retraining_runs (tick, started_at, expires_at)
           values ('month-1', now() - interval '3 hours', now() - interval '2 hours')"""
    )


def open_alert(database: psycopg.Connection[tuple[Any, ...]], rule: str, subject: str) -> None:
    """Open an alert as the monitor does."""
    finding = {
        "rule": rule,
        "subject": subject,
        "since": datetime.now(UTC).isoformat(),
        "summary": "Seen: 21.4% in the last three days, 7.9% before.",
        "runbook": f"docs/how-to/operate.md#{rule.replace('_', '-')}",
    }
    database.execute("select private.record_alerts(%s, %s)", [Jsonb([finding]), [rule]])


def plant_month(database: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Record 29 days as they may be: weekends are quiet, and two weeks ago a new model came."""
    draw = random.Random(7)
    counts, audits, backlogs = [], [], []
    for days in range(28, -1, -1):
        day = days_ago(days)
        usual = draw.randrange(50, 70) if day.weekday() >= 5 else draw.randrange(95, 130)
        version, skill = ("model-6", 0.46) if days > 13 else ("model-7", 0.52)
        for intent, part in (("scheduling", 0.5), ("reschedule", 0.3), ("search", 0.2)):
            messages = round(usual * part)
            rules, failed = messages // 5, draw.randrange(1, 2 + messages // 12)
            unsure, foreign = draw.randrange(4, 9), draw.randrange(1, 4)
            model = messages - failed - unsure - foreign
            counts += [
                (day, intent, "rules-7", "rule", "unknown", 9, -1, rules),
                (day, intent, version, "model", "successful", 9, 8, model),
                (day, intent, version, "model", "failed", 8, 8, failed),
                (day, intent, version, "model", "unknown", 4, 8, unsure),
                (day, intent, version, "model", "unknown", 3, 1, foreign),
            ]
            other = "search" if intent == "scheduling" else "scheduling"
            bands = draw.choices(range(4, 10), (1, 1, 2, 3, 4, 9), k=messages // 8)
            labels = Counter(
                (intent if draw.random() < skill + band / 20 else other, band) for band in bands
            )
            audits += [(day, version, intent, *key, audited) for key, audited in labels.items()]
        waits_since = days_ago(days + 1 + days % 4)
        backlogs.append((day, 40 + draw.randrange(-9, 25), draw.randrange(3, 9), waits_since))
    with database.cursor() as cursor:
        cursor.executemany(_COUNT, counts)
        cursor.executemany(_AUDIT, audits)
        cursor.executemany(_BACKLOG, backlogs)


def plant_health(
    stack: Stack, database: psycopg.Connection[tuple[Any, ...]], capture: Callable[..., UUID]
) -> None:
    """Plant figures of every chart, models and an alert."""
    plant_audits(database, capture)
    plant_figures(database)
    plant_runs(database)
    register_models(stack)
    open_alert(database, "workflows_fail", "search")


def open_health(console: Console, user: User) -> Console:
    """Sign in, and wait for the charts."""
    console.sign_in(user, "health")
    console.page.get_by_role("heading", name="Messages by source").wait_for()
    return console
