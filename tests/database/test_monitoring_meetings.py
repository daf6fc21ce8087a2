"""What counts, alerts and other changes once did to each other: one test for each defect."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from .actors import ALICE
from .rows import LONG_AGO, count_days, erase, insert
from .server import Connection, Server
from .test_model_races import waits

RUNBOOK = "docs/how-to/operate.md#seen"


@pytest.fixture
def slow(server: Server, database: str) -> Iterator[Connection]:
    """A connection whose transaction stays open until the test ends it."""
    with server.connect("postgres", database, autocommit=False) as connection:
        yield connection


@pytest.fixture
def other(server: Server, database: str) -> Iterator[Connection]:
    """A connection on which a thread works."""
    with server.connect("supabase_admin", database) as connection:
        connection.execute("set deadlock_timeout = '100ms'")
        yield connection


def record_alerts(connection: Connection, firing: list[str], evaluated: list[str]) -> None:
    """Record which rules fire, of those that were evaluated."""
    findings = [
        {"rule": rule, "since": "2026-11-01T00:00:00Z", "summary": "Seen.", "runbook": RUNBOOK}
        for rule in firing
    ]
    connection.execute("select private.record_alerts(%s, %s)", [json.dumps(findings), evaluated])


def acknowledge(connection: Connection) -> None:
    """Take all alerts over in the name of Alice."""
    connection.execute(
        "select private.acknowledge_alert(id, %s) from public.alerts order by id", [str(ALICE)]
    )


def delete_alice(connection: Connection) -> None:
    connection.execute("delete from auth.users where id = %s", [ALICE])


def operators(connection: Connection) -> list[str]:
    """Return who took the alerts over."""
    rows = connection.execute("select acknowledged_by from public.alerts").fetchall()
    return [str(row[0]) for row in rows]


# Alerts


def test_the_deletion_of_an_account_finds_the_alert_that_its_operator_was_taking_over(
    dashboard: Connection, other: Connection, server: Server, database: str
) -> None:
    record_alerts(other, ["a"], ["a"])
    with (
        server.connect("supabase_admin", database, autocommit=False) as handling,
        ThreadPoolExecutor() as threads,
    ):
        acknowledge(handling)
        deletion = threads.submit(delete_alice, other)
        waits(deletion, other, dashboard)
        handling.commit()
        deletion.result()

    [operator] = operators(dashboard)
    assert operator.startswith("erased-")


def test_an_operator_whose_account_is_being_deleted_handles_no_alert(
    dashboard: Connection, other: Connection, slow: Connection
) -> None:
    record_alerts(other, ["a"], ["a"])
    delete_alice(slow)
    with ThreadPoolExecutor() as threads:
        handling = threads.submit(acknowledge, other)
        waits(handling, other, dashboard)
        slow.commit()
        with pytest.raises(psycopg.Error) as refused:
            handling.result()

    assert refused.value.sqlstate == "PT403"
    assert operators(dashboard) == ["None"]


@pytest.mark.parametrize("change", ["evaluation", "sending"])
def test_changes_of_several_alerts_do_not_deadlock_with_the_erasure_of_their_operator(
    server: Server, database: str, dashboard: Connection, other: Connection, change: str
) -> None:
    """A third connection holds the first alert until both changes wait."""
    record_alerts(other, ["a", "b"], ["a", "b"])
    acknowledge(other)
    # Its latest version lies after that of the second one.
    other.execute("select private.mute_alert(1, now() - interval '1 day', %s)", [str(ALICE)])

    def change_both(connection: Connection) -> None:
        if change == "evaluation":  # resolves the second, and then updates the first
            record_alerts(connection, ["a"], ["a", "b"])
        else:
            connection.execute("select private.mark_alerts_as_sent('{1, 2}')")

    with (
        server.connect("supabase_admin", database, autocommit=False) as holder,
        server.connect("supabase_admin", database) as changing,
        ThreadPoolExecutor() as threads,
    ):
        changing.execute("set deadlock_timeout = '100ms'")
        holder.execute("select from public.alerts where id = 1 for update")
        erasure: Future[Any] = threads.submit(delete_alice, other)
        assert waits(erasure, other, dashboard)
        changed: Future[Any] = threads.submit(change_both, changing)
        assert waits(changed, changing, dashboard)
        holder.rollback()
        erasure.result()
        changed.result()

    assert all(name.startswith("erased-") for name in operators(dashboard))


def test_an_erasure_finds_the_alert_that_takes_over_who_muted_an_earlier_one(
    server: Server, database: str, dashboard: Connection, other: Connection
) -> None:
    record_alerts(other, ["a"], ["a"])
    other.execute("select private.mute_alert(1, now() + interval '1 day', %s)", [str(ALICE)])
    record_alerts(other, [], ["a"])
    with (
        server.connect("supabase_admin", database, autocommit=False) as evaluating,
        ThreadPoolExecutor() as threads,
    ):
        record_alerts(evaluating, ["a"], ["a"])
        erasure = threads.submit(erase, dashboard, ALICE)
        waits(erasure, dashboard, other)
        evaluating.commit()
        erasure.result()

    names = dashboard.execute("select muted_by from public.alerts order by id").fetchall()
    assert len(names) == 2
    assert all(str(name).startswith("erased-") for (name,) in names)


# Counts


def test_retention_goes_on_once_a_day_was_counted(dashboard: Connection, slow: Connection) -> None:
    insert(dashboard, created_at=LONG_AGO)
    slow.execute("select private.count_changed_day()")
    assert dashboard.execute("select private.delete_expired_rows()").fetchone() == (None,)
    slow.commit()
    assert dashboard.execute("select private.delete_expired_rows()").fetchone() == (1,)
    assert dashboard.execute("select private.delete_expired_rows()").fetchone() == (0,)


def test_the_count_goes_on_once_a_batch_was_deleted(
    dashboard: Connection, slow: Connection
) -> None:
    insert(dashboard, created_at=LONG_AGO)
    slow.execute("select private.delete_expired_rows()")
    assert dashboard.execute("select private.count_changed_day()").fetchone() == (None,)
    slow.commit()
    assert count_days(dashboard) == 1


@pytest.mark.parametrize(
    ("job", "held"),
    [
        ("delete expired rows", "select private.count_changed_day()"),
        ("delete expired rows", "select pg_advisory_xact_lock(3, 0)"),
        ("count changed days", "select private.delete_expired_rows()"),
    ],
)
def test_a_job_that_meets_another_change_goes_on_in_the_same_run(
    dashboard: Connection, server: Server, database: str, slow: Connection, job: str, held: str
) -> None:
    expired = insert(dashboard, created_at=LONG_AGO)
    insert(dashboard)
    row = dashboard.execute(
        "select command from cron.job where jobname = %s", [f"prompt-capture: {job}"]
    ).fetchone()
    assert row is not None
    command = str(row[0])
    slow.execute(held.encode())
    with server.connect("postgres", database) as running, ThreadPoolExecutor() as threads:
        run: Future[Any] = threads.submit(running.execute, command.encode())
        row = ("",)
        while not run.done() and row != ("PgSleep",):
            row = dashboard.execute(
                "select wait_event from pg_stat_activity where pid = %s", [running.info.backend_pid]
            ).fetchone()
        slow.commit()
        run.result()

    if job == "delete expired rows":
        rows = dashboard.execute("select from public.nlu_prompt_logs where id = %s", [expired])
        assert rows.rowcount == 0
    else:
        days = dashboard.execute(
            "select messages from public.daily_counts where day > '2020-01-01'"
        )
        assert days.fetchall() == [(1,)]


def test_days_are_counted_in_turn_while_captures_go_on(dashboard: Connection) -> None:
    insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=2))
    insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=1))
    counted: list[object] = []
    while not counted or counted[-1]:
        insert(dashboard)
        row = dashboard.execute("select private.count_changed_day()").fetchone()
        assert row is not None
        counted.append(row[0])
        assert len(counted) < 10, "The count does not end."

    assert counted == [1, 1, 1, 0]
    days = dashboard.execute("select messages from public.daily_counts order by day").fetchall()
    assert days == [(1,), (1,), (1,)]
    times = dashboard.execute(
        """select counted_at <= max(created_at), counted_at > max(created_at) - interval '1 minute'
           from private.monitoring, public.nlu_prompt_logs group by counted_at"""
    ).fetchone()
    assert times == (True, True)


def test_a_day_that_is_marked_again_and_again_does_not_keep_others_waiting(
    dashboard: Connection,
) -> None:
    insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=1))
    for _ in range(2):
        dashboard.execute("insert into private.changed_days (day) values (current_date)")
        dashboard.execute("select private.count_changed_day()")

    assert dashboard.execute("select sum(messages) from public.daily_counts").fetchone() == (1,)
