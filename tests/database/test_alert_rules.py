"""Each rule fires on a planted anomaly in a real database, and is silent on its quiet twin.

The counts of past days are planted as retention leaves them, so that a year is planted at once.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from psycopg import errors

from prompt_capture.domain.monitoring.evaluation import evaluate
from prompt_capture.domain.monitoring.figures import MonitoringFigures, QueueLengths
from prompt_capture.domain.monitoring.findings import Finding

from .actors import ALICE, USER, connect_as
from .rows import correct, count_days, erase, insert
from .server import Connection, Server
from .test_health import give_role

INTENTS = ("help", "search", "status", "email")
DAYS = 120
CHANGE = 15
"""The number of days since the change, today not included."""

COUNT = """
insert into public.daily_counts (day, predicted_intent, model_version, source, outcome,
  confidence_band, scope_band, is_confident, is_out_of_scope, within_daily_cap, messages,
  deleted_messages)
select %(day)s, %(intent)s, 'v1', 'model', outcome, 8, scope_band, true, scope_band = 0, true, n, n
from (values ('successful', 9, %(good)s), ('failed', 9, %(failed)s), ('unknown', 0, %(outside)s))
  as counts (outcome, scope_band, n)
where n > 0"""
AUDIT = """
insert into public.daily_audits (day, model_version, source, predicted_intent, label,
  confidence_band, audit_probability, messages, deleted_messages)
select %(day)s, 'v1', 'model', 'help', label, 8, 0.05, n, n
from (values ('help', %(correct)s), ('search', %(wrong)s)) as audits (label, n) where n > 0"""


def plant(
    dashboard: Connection,
    *,
    failing: float = 0.05,
    outside: float = 0.05,
    accuracy: float = 0.9,
    help_share: float = 0.25,
) -> None:
    """Plant 1,000 messages and 50 audits a day. The arguments hold for the last days."""
    rng = np.random.default_rng(7)
    today = datetime.now(UTC).date()
    for ago in range(DAYS, 0, -1):
        day, is_late = today - timedelta(days=ago), ago <= CHANGE
        rest = (1 - (help_share if is_late else 0.25)) / 3
        shares = [help_share if is_late else 0.25, rest, rest, rest]
        for intent, share in zip(INTENTS, shares, strict=True):
            messages = rng.poisson(1000 * share)
            beyond = rng.binomial(messages, outside if is_late else 0.05)
            is_failing = is_late and intent == "search"
            failed = rng.binomial(messages - beyond, failing if is_failing else 0.05)
            counts = {"good": messages - beyond - failed, "failed": failed, "outside": beyond}
            values = {name: int(value) for name, value in counts.items()}
            dashboard.execute(COUNT, {"day": day, "intent": intent, **values})
        right = int(rng.binomial(50, accuracy if is_late else 0.9))
        dashboard.execute(AUDIT, {"day": day, "correct": right, "wrong": 50 - right})


def run_rules(dashboard: Connection, dead_letters: int = 0, spooled: int = 0) -> dict[str, Finding]:
    """Evaluate the rules on what the database returns to the monitor."""
    count_days(dashboard)
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        row = dashboard.execute("select public.read_monitoring(400)").fetchone()
    assert row is not None
    figures = MonitoringFigures.model_validate(row[0])
    findings, _ = evaluate(figures, QueueLengths(spooled=spooled, dead_letters=dead_letters))
    return {finding.rule: finding for finding in findings}


def complete_audits(dashboard: Connection) -> None:
    """Decide an audited message, so that the audit is complete."""
    dashboard.execute("update private.settings set audit_rate = 1")
    correct(dashboard, insert(dashboard, prompt=f"audited {uuid4()}"), "help")
    dashboard.execute("update private.settings set audit_rate = 0")


PLANTED: dict[str, dict[str, float]] = {
    "accuracy_dropped": {"accuracy": 0.8},
    "workflows_fail": {"failing": 0.25},
    "intents_shifted": {"help_share": 0.5},
    "out_of_scope_surged": {"outside": 0.12},
}


@pytest.mark.parametrize("rule", PLANTED)
def test_a_rule_fires_on_a_planted_change_and_on_no_other(dashboard: Connection, rule: str) -> None:
    plant(dashboard, **PLANTED[rule])
    complete_audits(dashboard)

    findings = run_rules(dashboard)

    assert findings.keys() == {rule}
    days_ago = (datetime.now(UTC) - findings[rule].since).days
    assert abs(days_ago - CHANGE) <= 4
    if rule == "workflows_fail":
        assert findings[rule].subject == "search"


def test_no_rule_fires_where_nothing_changed(dashboard: Connection) -> None:
    plant(dashboard)
    complete_audits(dashboard)

    assert run_rules(dashboard) == {}


def plant_hours(dashboard: Connection, silent_hours: int) -> None:
    """Plant twelve messages in each of the last 35 days' hours but the last ones."""
    dashboard.execute("update private.settings set daily_cap = 100000")
    dashboard.execute("set session_replication_role = replica")
    dashboard.execute(
        """insert into public.nlu_prompt_logs (id, user_id, prompt, predicted_intent, confidence,
             source, model_version, text_key, created_at)
           select gen_random_uuid(), (select id from auth.users limit 1), 'x', 'help', 0.9,
             'model', 'v1', 'k', date_trunc('hour', now()) - make_interval(hours => hour, mins => 5)
           from generate_series(%s, 839) as hour, generate_series(1, 12)""",
        [silent_hours],
    )
    dashboard.execute("set session_replication_role = origin")


@pytest.mark.parametrize(("silent_hours", "fires"), [(6, True), (1, False)])
def test_silence_is_noticed_where_many_messages_are_usual(
    server: Server, database: str, dashboard: Connection, silent_hours: int, fires: bool
) -> None:
    with server.connect("supabase_admin", database) as admin:
        plant_hours(admin, silent_hours)

    assert ("no_messages" in run_rules(dashboard)) == fires


def record_exports(dashboard: Connection, *days_ago: int) -> None:
    for number, days in enumerate(days_ago):
        dashboard.execute(
            """insert into public.dataset_exports
                 (series, bucket, manifest, window_from, window_to, lines, exported_at)
               values ('weekly', 'b', %s, 0, 0, 10, now() - make_interval(days => %s))""",
            [str(number), days],
        )


@pytest.mark.parametrize(
    ("days_ago", "fires"),
    [((21, 14), True), ((14, 7), False), ((20,), False), ((70, 63), False)],
    ids=["missed", "on time", "once", "given up"],
)
def test_an_export_that_was_weekly_is_overdue(
    dashboard: Connection, days_ago: tuple[int, ...], fires: bool
) -> None:
    record_exports(dashboard, *days_ago)

    assert run_rules(dashboard).keys() == ({"export_overdue"} if fires else set())


@pytest.mark.parametrize(("age", "fires"), [(93, True), (91, False)])
def test_rows_that_retention_left_are_overdue(dashboard: Connection, age: int, fires: bool) -> None:
    insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=age))

    assert ("retention_overdue" in run_rules(dashboard)) == fires


RETAINED = {
    "retained text": (732, "public.labelled_texts", "retained_at"),
    "deferred change": (30, "private.deferred_changes", "deferred_at"),
    "id of a dropped message": (30, "private.dropped_captures", "dropped_at"),
    "record of a dataset": (732, "public.dataset_exports", "exported_at"),
    "record of an exported object": (739, "public.exported_rows", "exported_at"),
    "record of an erased message": (739, "private.erased_rows", "erased_at"),
}
"""After how many days what retention deletes is overdue, two nights included."""


@pytest.mark.parametrize("kind", RETAINED)
def test_whatever_retention_left_is_overdue(
    server: Server, database: str, dashboard: Connection, kind: str
) -> None:
    days, table, column = RETAINED[kind]
    rows = {
        "public.labelled_texts": "(text_key, text, intent, times_sent, user_keys, labelled_at)"
        " values ('k', 'a text', 'help', 1, '{k}', now())",
        "private.deferred_changes": "(log_id, was_successful) values (gen_random_uuid(), true)",
        "private.dropped_captures": "(log_id) values (gen_random_uuid())",
        "public.dataset_exports": "(series, bucket, manifest, window_from, window_to, lines)"
        " values ('s', 'b', 'm', 0, 0, 0)",
        "public.exported_rows": "(bucket, key, log_ids, user_keys)"
        " values ('b', 'k', array[gen_random_uuid()], '{k}')",
        "private.erased_rows": "(log_id, text_key, change_number)"
        " values (gen_random_uuid(), 'k', 0)",
    }
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(f"insert into {table} {rows[table]}".encode())
        for age, is_late in ((days - 1, False), (days + 1, True)):
            admin.execute(
                f"update {table} set {column} = now() - make_interval(days => %s)".encode(), [age]
            )
            finding = run_rules(dashboard).get("retention_overdue")
            assert (finding is not None) == is_late
    assert finding is not None
    assert finding.summary.startswith(f"The oldest {kind} is {days + 1} days old")


@pytest.mark.parametrize(("days", "fires"), [(20, True), (3, False)])
def test_texts_that_nobody_reviews_are_noticed(
    server: Server, database: str, dashboard: Connection, days: int, fires: bool
) -> None:
    insert(dashboard, confidence=0.1)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "update public.review_queue set waiting_since = now() - make_interval(days => %s)",
            [days],
        )

    assert ("nobody_reviews" in run_rules(dashboard)) == fires


def test_a_decision_of_this_week_shows_that_somebody_reviews(
    server: Server, database: str, dashboard: Connection
) -> None:
    insert(dashboard, confidence=0.1)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update public.review_queue set waiting_since = now() - interval '20 days'")
    correct(dashboard, insert(dashboard, prompt="another"), "help")

    assert "nobody_reviews" not in run_rules(dashboard)


@pytest.mark.parametrize(("minutes", "fires"), [(30, True), (2, False)])
def test_captures_that_no_job_completes_are_noticed(
    dashboard: Connection, minutes: int, fires: bool
) -> None:
    log_id = insert(dashboard)
    dashboard.execute(
        """insert into private.incomplete_captures (log_id, text_key, captured_at)
           values (%s, 'k', now() - make_interval(mins => %s))""",
        [log_id, minutes],
    )

    assert ("jobs_stopped" in run_rules(dashboard)) == fires


@pytest.mark.parametrize(("hours", "fires"), [(2, True), (0, False)])
def test_counts_that_are_not_up_to_date_are_noticed(
    dashboard: Connection, hours: int, fires: bool
) -> None:
    count_days(dashboard)
    dashboard.execute(
        "update private.monitoring set counted_at = now() - make_interval(hours => %s)", [hours]
    )
    row = dashboard.execute("select private.read_monitoring(400)").fetchone()
    assert row is not None
    findings, _ = evaluate(MonitoringFigures.model_validate(row[0]), QueueLengths())

    assert [finding.rule for finding in findings] == (["jobs_stopped"] if fires else [])


@pytest.mark.parametrize(("corrections", "fires"), [(100, True), (99, False)])
def test_a_retraining_is_overdue_after_90_days_and_100_corrections(
    server: Server, database: str, dashboard: Connection, corrections: int, fires: bool
) -> None:
    dashboard.execute("update private.settings set daily_cap = 1000")
    log_id = insert(dashboard)
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            """insert into public.model_events (kind, version, actor, reason, at)
               values ('registered', 'v1', 'ann', 'first', now() - interval '91 days')"""
        )
        admin.execute(
            """insert into public.correction_events (log_id, text_key, from_intent, to_intent,
                 reviewer, channel)
               select %s, 'k', 'help', 'help', 'ann', 'api' from generate_series(1, %s)""",
            [log_id, corrections],
        )

    assert ("retraining_overdue" in run_rules(dashboard)) == fires


def run_retraining(
    dashboard: Connection, tick: str, hours_ago: float, outcome: str | None = None
) -> None:
    """Plant a run that began some hours ago, and whose claim expired a quarter of an hour later."""
    dashboard.execute(
        """insert into private.retraining_runs (tick, started_at, expires_at, finished_at, outcome)
           select %(tick)s, start, start + interval '15 minutes',
             case when %(outcome)s::text is not null then start + interval '10 minutes' end,
             %(outcome)s
           from (select now() - make_interval(mins => %(minutes)s)) as begin (start)""",
        {"tick": tick, "minutes": round(hours_ago * 60), "outcome": outcome},
    )


@pytest.mark.parametrize(
    ("runs", "fires"),
    [
        ([("month", 3, None)], True),
        ([("month", 3, None), ("day", 1, "nothing_new")], True),
        ([("month", 3, None), ("request", 1, "held")], False),
        ([("month", 3, "held")], False),
        ([("month", 1, None)], False),
        ([("month", 46 * 24, None)], False),
        ([], False),
    ],
    ids=["died", "a day without news", "repeated", "ended", "may go on", "long ago", "never"],
)
def test_a_retraining_that_did_not_end_is_noticed(
    server: Server,
    database: str,
    dashboard: Connection,
    runs: list[tuple[str, float, str | None]],
    fires: bool,
) -> None:
    with server.connect("supabase_admin", database) as admin:
        for run in runs:
            run_retraining(admin, *run)

    assert run_rules(dashboard).keys() == ({"retraining_failed"} if fires else set())


def observe(dashboard: Connection, **observed: object) -> None:
    """Record an evaluation without findings."""
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        dashboard.execute("select public.record_alerts('[]', '{}', %s)", [json.dumps(observed)])


def pass_hour(dashboard: Connection) -> None:
    dashboard.execute(
        "update private.monitoring set spooled_since = spooled_since - interval '1 hour'"
    )


def test_prompts_that_stay_in_the_spool_are_noticed(dashboard: Connection) -> None:
    assert run_rules(dashboard, spooled=5) == {}, "they may have just come"
    observe(dashboard, spooled=5)
    pass_hour(dashboard)
    assert run_rules(dashboard, spooled=5) == {}, "these may be others"
    observe(dashboard, spooled=5)
    observe(dashboard, spooled=None)
    pass_hour(dashboard)

    assert run_rules(dashboard, spooled=4).keys() == {"drain_overdue"}


def test_a_spool_that_was_emptied_meanwhile_raises_no_alert(dashboard: Connection) -> None:
    observe(dashboard, spooled=5)
    pass_hour(dashboard)
    assert run_rules(dashboard, spooled=0) == {}
    observe(dashboard, spooled=0)
    observe(dashboard, spooled=1)

    assert run_rules(dashboard, spooled=1) == {}


def test_a_deployment_is_a_mark_from_the_second_one_on(dashboard: Connection) -> None:
    for package in ("aaaaaaaaaaaa", "aaaaaaaaaaaa", None, "bbbbbbbbbbbb", "aaaaaaaaaaaa"):
        observe(dashboard, package=package)

    row = dashboard.execute("select private.health(7) -> 'marks'").fetchone()
    assert row is not None
    marks: list[dict[str, str]] = list(row[0])  # type: ignore[call-overload]
    deployed = [mark["subject"] for mark in marks if mark["kind"] == "deployed"]
    assert deployed == ["bbbbbbbbbbbb", "aaaaaaaaaaaa"]


def test_dead_letters_are_noticed(dashboard: Connection) -> None:
    assert run_rules(dashboard, dead_letters=3).keys() == {"dead_letters_waiting"}
    assert run_rules(dashboard, dead_letters=0) == {}


def test_a_new_project_raises_no_alert(dashboard: Connection) -> None:
    insert(dashboard)

    assert run_rules(dashboard) == {}


# Alerts are events


def record(dashboard: Connection, *rules: str, evaluated: tuple[str, ...]) -> list[dict[str, Any]]:
    found = [
        {
            "rule": rule,
            "subject": "help",
            "since": "2026-11-01T00:00:00Z",
            "summary": "Seen.",
            "runbook": "docs/how-to/operate.md#seen",
        }
        for rule in rules
    ]
    row = dashboard.execute(
        "select private.record_alerts(%s, %s)", [json.dumps(found), list(evaluated)]
    ).fetchone()
    assert row is not None
    alerts: list[dict[str, Any]] = list(row[0])  # type: ignore[call-overload]
    ids = [alert["id"] for alert in alerts]
    dashboard.execute("select private.mark_alerts_as_sent(%s)", [ids])
    return alerts


@pytest.fixture
def monitor(server: Server, database: str, dashboard: Connection) -> Any:
    """A connection with the rights of the functions' owner."""
    with server.connect("supabase_admin", database) as admin:
        yield admin


def states(monitor: Connection) -> list[str]:
    row = monitor.execute("select private.list_alerts(true, 100)").fetchone()
    assert row is not None
    return [alert["state"] for alert in row[0]]  # type: ignore[attr-defined]


def test_an_alert_is_sent_once_and_opened_again_after_it_was_resolved(monitor: Connection) -> None:
    assert len(record(monitor, "a", evaluated=("a",))) == 1
    assert record(monitor, "a", evaluated=("a",)) == []
    assert record(monitor, evaluated=("b",)) == []
    assert states(monitor) == ["open"], "its rule was not evaluated"
    assert record(monitor, evaluated=("a",)) == []
    assert states(monitor) == ["resolved"]
    assert len(record(monitor, "a", evaluated=("a",))) == 1
    assert states(monitor) == ["open", "resolved"]


def test_an_alert_that_could_not_be_sent_is_returned_again(monitor: Connection) -> None:
    record(monitor, "a", evaluated=("a",))
    monitor.execute("update public.alerts set notified_at = null")
    assert len(record(monitor, "a", evaluated=("a",))) == 1


def test_a_muted_rule_stays_silent_when_it_fires_again(monitor: Connection) -> None:
    [alert] = record(monitor, "a", evaluated=("a",))
    monitor.execute(
        "select private.mute_alert(%s, now() + interval '1 day', 'grace')", [alert["id"]]
    )
    record(monitor, evaluated=("a",))
    assert record(monitor, "a", evaluated=("a",)) == []
    assert states(monitor) == ["muted", "resolved"]
    monitor.execute("update public.alerts set muted_until = now() - interval '1 minute'")
    assert len(record(monitor, "a", evaluated=("a",))) == 1


def test_the_first_operator_who_takes_an_alert_over_stays(monitor: Connection) -> None:
    [alert] = record(monitor, "a", evaluated=("a",))
    for operator in ("grace", "henry"):
        monitor.execute("select private.acknowledge_alert(%s, %s)", [alert["id"], operator])
    row = monitor.execute("select acknowledged_by from public.alerts").fetchone()
    assert row == ("grace",)
    assert states(monitor) == ["acknowledged"]


def open_alert(dashboard: Connection) -> int:
    found = {
        "rule": "a",
        "since": "2026-11-01T00:00:00Z",
        "summary": "Seen.",
        "runbook": "docs/how-to/operate.md#seen",
    }
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        row = dashboard.execute(
            "select public.record_alerts(%s, array['a'])", [json.dumps([found])]
        ).fetchone()
    assert row is not None
    return int(row[0][0]["id"])  # type: ignore[index]


@pytest.mark.parametrize("role", ["reviewer", "operator"])
def test_a_signed_in_user_handles_alerts_under_the_id_of_the_account(
    dashboard: Connection, server: Server, database: str, role: str
) -> None:
    number = open_alert(dashboard)
    give_role(dashboard, ALICE, role)
    with connect_as(server, database, USER) as connection:
        connection.execute("select public.acknowledge_alert(%s, 'somebody else')", [number])
        connection.commit()
    row = dashboard.execute("select acknowledged_by from public.alerts").fetchone()
    assert row == (str(ALICE),)


@pytest.mark.parametrize("role", ["viewer", "admin", None])
def test_others_handle_no_alert(
    dashboard: Connection, server: Server, database: str, role: str | None
) -> None:
    number = open_alert(dashboard)
    give_role(dashboard, ALICE, role)
    with connect_as(server, database, USER) as connection, pytest.raises(errors.Error) as info:
        connection.execute("select public.mute_alert(%s, now(), 'grace')", [number])
    assert info.value.sqlstate == "PT403"


def test_an_erased_operator_leaves_a_pseudonym_in_the_alerts(
    dashboard: Connection, server: Server, database: str
) -> None:
    number = open_alert(dashboard)
    give_role(dashboard, ALICE, "operator")
    with connect_as(server, database, USER) as connection:
        connection.execute("select public.acknowledge_alert(%s)", [number])
        connection.execute("select public.mute_alert(%s, now() + interval '1 day')", [number])
        connection.commit()
    erase(dashboard, ALICE)
    row = dashboard.execute("select acknowledged_by, muted_by from public.alerts").fetchone()
    assert row is not None
    assert row[0] == row[1]
    assert str(row[0]).startswith("erased-")


@pytest.mark.parametrize("name", ["", "dashboard", "erased-123", "x" * 201])
def test_an_alert_is_handled_under_a_name(dashboard: Connection, name: str) -> None:
    number = open_alert(dashboard)
    dashboard.execute("set role service_role")
    try:
        with pytest.raises(errors.CheckViolation):
            dashboard.execute("select public.acknowledge_alert(%s, %s)", [number, name])
    finally:
        dashboard.execute("reset role")
