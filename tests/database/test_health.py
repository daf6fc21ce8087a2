"""Counts by day are those of the rows, whatever happened to the rows, and figures show no text."""

import json
import random
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg import errors

from .actors import (
    ALICE,
    ANONYMOUS,
    BOB,
    NO_SUBJECT,
    OTHER_USER,
    STRANGER,
    USER,
    Actor,
    connect_as,
)
from .console import claim
from .rows import (
    FAILED_OUTCOME,
    add_user,
    complete_captures,
    correct,
    count_days,
    erase,
    insert,
    read,
    update_as_backend,
)
from .server import Connection, Server

COUNTS = """
select day, predicted_intent, model_version, source, outcome, confidence_band, scope_band,
  is_confident, is_out_of_scope, within_daily_cap, messages
from public.daily_counts order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"""
AUDITS = """
select day, model_version, source, predicted_intent, label, confidence_band, audit_probability,
  messages
from public.daily_audits order by 1, 2, 3, 4, 5, 6, 7"""
BACKLOG = "select waiting, audits_waiting, oldest_waiting_since from public.daily_backlogs"

# Every row that was ever captured and not erased, as the test saw it last.
RECOUNT = """
select (created_at at time zone 'UTC')::date, predicted_intent, model_version, source,
  case was_successful when true then 'successful' when false then 'failed' else 'unknown' end,
  greatest(0, least(9, floor(confidence * 10)))::smallint,
  coalesce(greatest(0, least(9, floor(scope * 10))), -1)::smallint, is_confident, is_out_of_scope,
  within_daily_cap, count(*)::integer
from kept group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"""
RECOUNT_AUDITS = """
select (created_at at time zone 'UTC')::date, model_version, source, predicted_intent, label,
  greatest(0, least(9, floor(confidence * 10)))::smallint, audit_probability, count(*)::integer
from kept where is_audited group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7"""
RECOUNT_BACKLOG = """
select count(*)::integer, (count(*) filter (where 'random_audit' = any (reasons)))::integer,
  min(waiting_since)
from public.review_queue where decided_at is null and waiting_since is not null"""


class History:
    """A random history of captures, outcomes, corrections, settings, retention and erasures.

    The temporary table `kept` holds the rows that are counted: those in the table, and those that
    retention deleted, as they were then and by the settings of then.
    """

    def __init__(self, dashboard: Connection, seed: int) -> None:
        self.dashboard, self.random = dashboard, random.Random(seed)
        self.users = [ALICE, BOB, STRANGER]
        self.log_ids: list[UUID] = []
        for user in self.users:
            add_user(dashboard, user)
        dashboard.execute(
            """update private.settings set audit_rate = 0.6, daily_cap = 3, min_queue_items = 0,
                 retention_batch_rows = 4"""
        )
        dashboard.execute(
            """create temporary table kept as
               select logs.*, ''::text as label, true as is_confident, true as is_out_of_scope
               from public.nlu_prompt_logs logs where false"""
        )

    def capture(self) -> None:
        """Insert a row of one of the last 100 days: some are older than the retention."""
        age = timedelta(days=self.random.choice([0, 0, 1, 40, 89, 95, 99]))
        log_id = insert(
            self.dashboard,
            user_id=self.random.choice(self.users),
            prompt=f"text {self.random.randrange(6)}",
            predicted_intent=self.random.choice(["help", "search"]),
            confidence=self.random.choice([0.0, 0.3, 0.7, 0.83, 0.85, 0.99, 1.0]),
            scope=self.random.choice([None, 0.1, 0.43, 0.45, 0.5, 1.0]),
            source=self.random.choice(["rule", "model"]),
            model_version=self.random.choice(["assistant-1", "assistant-2", "rules-1"]),
            created_at=datetime.now(UTC) - age,
        )
        self.log_ids.append(log_id)

    def outcome(self) -> None:
        if self.log_ids:
            outcomes: list[Mapping[str, object]] = [FAILED_OUTCOME, {"was_successful": True}]
            outcome = self.random.choice(outcomes)
            update_as_backend(self.dashboard, self.random.choice(self.log_ids), **outcome)

    def correct(self) -> None:
        present = self.dashboard.execute("select id from public.nlu_prompt_logs").fetchall()
        if present:
            [log_id] = self.random.choice(present)
            intent = self.random.choice(["help", "search", "status", None])
            with suppress(errors.Error):  # a retraction of what was never decided
                correct(self.dashboard, UUID(str(log_id)), intent, self.random.choice("abc"))

    def count(self) -> None:
        count_days(self.dashboard)

    def change_thresholds(self) -> None:
        self.dashboard.execute(
            "update private.settings set review_threshold = %s, min_scope = %s",
            [self.random.choice([0.7, 0.84, 0.85]), self.random.choice([0.45, 0.44, 0.5])],
        )

    def retain(self) -> None:
        """Delete a batch of expired rows; they stay counted with the labels that they have."""
        self.remember()
        self.dashboard.execute("select private.delete_expired_rows()")

    def erase(self) -> None:
        self.remember()
        user = self.random.choice(self.users)
        gone = self.dashboard.execute(
            "select id from public.nlu_prompt_logs where user_id = %s", [user]
        ).fetchall()
        erase(self.dashboard, user)
        self.dashboard.execute("delete from kept where id = any (%s)", [[row[0] for row in gone]])
        # Captures of this user are refused from now on.
        self.users = [one for one in self.users if one != user] or self.users
        self.dashboard.execute("truncate private.tombstones")

    def remember(self) -> None:
        """Keep the present rows, and those that were deleted earlier."""
        self.dashboard.execute(
            """delete from kept where id in (select id from public.nlu_prompt_logs)"""
        )
        self.dashboard.execute(
            """insert into kept
               select logs.*, coalesce(queue.corrected_intent, ''),
                 logs.confidence >= review_threshold, coalesce(logs.scope < min_scope, false)
               from public.nlu_prompt_logs logs
               left join public.review_queue queue using (text_key), private.settings"""
        )


@pytest.mark.parametrize("seed", range(12))
def test_counts_equal_a_recount_after_any_history(dashboard: Connection, seed: int) -> None:
    history = History(dashboard, seed)
    steps = [History.capture] * 8 + [History.outcome] * 3 + [History.correct] * 5
    steps += [History.count] * 3 + [History.retain] * 2
    steps += [History.change_thresholds, History.erase]
    for _ in range(10):
        history.capture()
    for _ in range(60):
        history.random.choice(steps)(history)
    complete_captures(dashboard)
    history.remember()
    count_days(dashboard)

    counts = dashboard.execute(COUNTS).fetchall()
    assert counts
    assert counts == dashboard.execute(RECOUNT).fetchall()
    assert dashboard.execute(AUDITS).fetchall() == dashboard.execute(RECOUNT_AUDITS).fetchall()
    assert dashboard.execute(BACKLOG).fetchall() == dashboard.execute(RECOUNT_BACKLOG).fetchall()


@pytest.mark.parametrize(("threshold", "confident"), [(0.7, 3), (0.84, 2), (0.85, 1), (0.9, 0)])
def test_the_share_of_confident_messages_follows_the_threshold_exactly(
    dashboard: Connection, threshold: float, confident: int
) -> None:
    for confidence in (0.5, 0.72, 0.84, 0.86):
        insert(dashboard, confidence=confidence, scope=confidence)
    count_days(dashboard)
    dashboard.execute(
        "update private.settings set review_threshold = %s, min_scope = %s", [threshold] * 2
    )
    count_days(dashboard)

    row = dashboard.execute("select private.health(1) -> 'days' -> 0").fetchone()
    assert row is not None
    day: dict[str, int] = dict(row[0])  # type: ignore[call-overload]
    assert (day["confident"], day["out_of_scope"]) == (confident, 4 - confident)


def test_another_setting_lets_no_day_be_counted_again(dashboard: Connection) -> None:
    insert(dashboard)
    count_days(dashboard)
    dashboard.execute("update private.settings set review_threshold = 0.7, audit_rate = 0.3")

    assert count_days(dashboard) == 0


def test_retention_is_done_when_nothing_is_left_to_delete(dashboard: Connection) -> None:
    insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=100))
    done = "select retained_at is not null from private.monitoring"
    dashboard.execute("select private.delete_expired_rows()")
    assert dashboard.execute(done).fetchall() == [(False,)]
    dashboard.execute("select private.delete_expired_rows()")
    assert dashboard.execute(done).fetchall() == [(True,)]


def test_retention_does_not_count_a_message_twice_before_the_next_count(
    dashboard: Connection,
) -> None:
    for _ in range(3):
        insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=100))
    count_days(dashboard)
    dashboard.execute("select private.delete_expired_rows()")
    totals = "select messages, deleted_messages from public.daily_counts"
    assert dashboard.execute(totals).fetchall() == [(3, 3)]


def test_a_day_without_changes_is_not_counted_again(dashboard: Connection) -> None:
    insert(dashboard)
    assert count_days(dashboard) == 1
    assert count_days(dashboard) == 0


def test_a_capture_that_is_not_committed_is_counted_once_it_is(
    dashboard: Connection, server: Server, database: str
) -> None:
    with server.connect("postgres", database, autocommit=False) as other:
        insert(other, prompt="in a transaction that goes on")
        insert(dashboard, prompt="committed")
        count_days(dashboard)
        other.commit()
    count_days(dashboard)
    total = dashboard.execute("select sum(messages) from public.daily_counts").fetchone()
    assert total == (2,)


def test_a_second_count_at_the_same_time_returns_at_once(
    dashboard: Connection, server: Server, database: str
) -> None:
    insert(dashboard)
    with server.connect("postgres", database, autocommit=False) as other:
        assert other.execute("select private.count_changed_day()").fetchone() == (1,)
        dashboard.execute("set lock_timeout = '100ms'")
        assert dashboard.execute("select private.count_changed_day()").fetchone() == (None,)
        other.commit()
    assert dashboard.execute("select count(*) from public.daily_counts").fetchone() == (1,)


def test_the_backlog_of_today_is_what_waits(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set audit_rate = 1")
    first = insert(dashboard, prompt="one")
    insert(dashboard, prompt="two")
    correct(dashboard, first, "help")
    count_days(dashboard)
    backlog = dashboard.execute("select waiting, audits_waiting from public.daily_backlogs")
    assert backlog.fetchall() == [(1, 1)]


# Who sees the figures


def give_role(dashboard: Connection, user: UUID, role: str | None) -> None:
    add_user(dashboard, user)
    dashboard.execute(
        "update auth.users set raw_app_meta_data = %s where id = %s",
        [json.dumps({"role": role} if role else {}), user],
    )


@pytest.mark.parametrize("role", ["viewer", "reviewer", "operator"])
def test_an_account_with_a_role_sees_the_figures(
    dashboard: Connection, server: Server, database: str, role: str
) -> None:
    give_role(dashboard, ALICE, role)
    with connect_as(server, database, USER) as connection:
        row = connection.execute("select public.health(7)").fetchone()
        assert row is not None
        assert isinstance(row[0], dict)
        assert {"days", "accuracy", "tasks"} < row[0].keys()


@pytest.mark.parametrize("actor", [ANONYMOUS, USER, NO_SUBJECT], ids=str)
def test_nobody_without_a_role_sees_the_figures(
    dashboard: Connection, server: Server, database: str, actor: Actor
) -> None:
    for function in ("health(7)", "list_alerts()"):
        with connect_as(server, database, actor) as connection, pytest.raises(errors.Error) as info:
            connection.execute(f"select public.{function}".encode())
        assert info.value.sqlstate in {"PT403", "42501"}


FIGURES = (
    "health", "console_progress", "console_accuracy", "console_models", "console_items",
)  # fmt: skip


@pytest.mark.parametrize("figures", FIGURES)
def test_an_account_has_the_same_figures_computed_three_times_at_once(
    dashboard: Connection, server: Server, database: str, figures: str
) -> None:
    add_user(dashboard, BOB)
    for user in (ALICE, BOB):
        give_role(dashboard, user, "operator")
    call = f"select public.{figures}()".encode()
    with ExitStack() as stack:
        alice, again, third, fourth, bob = (
            stack.enter_context(connect_as(server, database, actor))
            for actor in (USER, USER, USER, USER, OTHER_USER)
        )
        for connection in (alice, again, third, bob):
            connection.execute(call)
        with pytest.raises(errors.Error) as info, fourth.transaction():
            fourth.execute(call)
        assert info.value.sqlstate == "PT429"
        for other in {*FIGURES} - {figures}:
            fourth.execute(f"select public.{other}()".encode())
        again.rollback()
        fourth.execute(call)


@pytest.mark.parametrize(
    "call",
    [
        *(f"{figures}()" for figures in FIGURES),
        "acknowledge_alert(1, 'a long name')",
        "mute_alert(1, now(), 'a long name')",
    ],
)
def test_an_account_without_a_role_is_refused_before_anything_is_computed(
    dashboard: Connection, server: Server, database: str, call: str
) -> None:
    with server.connect("supabase_admin", database, autocommit=False) as admin:
        for function in ("audits_complete_before()", "visible_text(raw text)"):
            returned = "timestamptz" if "before" in function else "text"
            admin.execute(
                f"""create or replace function private.{function} returns {returned}
                    language plpgsql as $$ begin raise exception 'computed'; end $$""".encode()
            )
        claim(admin, ALICE)
        with pytest.raises(errors.Error, match="does not have a role"):
            admin.execute(f"select public.{call}".encode())


@pytest.mark.parametrize(
    "change",
    [
        "raw_app_meta_data = '{}'",
        "deleted_at = now()",
        "banned_until = now() + interval '1 hour'",
        """raw_app_meta_data = '{"role": "admin"}'""",
        """raw_app_meta_data = '{}', raw_user_meta_data = '{"role": "operator"}'""",
    ],
)
def test_a_token_does_not_outlive_the_role_of_its_account(
    dashboard: Connection, server: Server, database: str, change: str
) -> None:
    give_role(dashboard, ALICE, "operator")
    dashboard.execute(f"update auth.users set {change} where id = %s".encode(), [ALICE])
    claims = Actor("former operator", "authenticated", ALICE, app_metadata_role="operator")
    with connect_as(server, database, claims) as connection, pytest.raises(errors.Error) as info:
        connection.execute("select public.health(7)")
    assert info.value.sqlstate == "PT403"


def test_the_figures_hold_no_text_sender_or_reviewer(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set audit_rate = 1")
    secret = insert(dashboard, prompt="the secret text", conversation_id="conversation-77")
    correct(dashboard, secret, "help", "grace", notes="a note")
    update_as_backend(dashboard, secret, **FAILED_OUTCOME)
    count_days(dashboard)
    for function in ("private.health(30)", "private.read_monitoring(30)"):
        row = dashboard.execute(f"select {function}::text".encode()).fetchone()
        assert row is not None
        assert "reschedule" in str(row[0]) or "read_monitoring" in function
        for personal in ("secret", str(ALICE), "grace", "note", "conversation-77", "event"):
            assert personal not in str(row[0])


def test_a_retraction_changes_the_count_of_an_audit_that_showed_no_correction(
    dashboard: Connection,
) -> None:
    first = insert(dashboard, created_at=datetime.now(UTC) - timedelta(days=2))
    correct(dashboard, first, "help", "ann")
    dashboard.execute("update private.settings set audit_rate = 1")
    copy = insert(dashboard)
    complete_captures(dashboard)
    count_days(dashboard)
    labels = "select label from public.daily_audits"
    assert dashboard.execute(labels).fetchall() == [("help",)]
    changes = read(dashboard, copy, "change_number")

    correct(dashboard, first, None, "ann")
    count_days(dashboard)

    assert read(dashboard, copy, "change_number") == changes
    assert dashboard.execute(labels).fetchall() == [("",)]
