"""The monitor with fakes: what it publishes and marks, and what notifications and digests hold."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.domain.alerts import Alert, AlertNotification, notification
from prompt_capture.domain.errors import SpoolUnavailable, TopicUnavailable
from prompt_capture.domain.health import Health
from prompt_capture.domain.monitoring.evaluation import evaluate
from prompt_capture.domain.monitoring.figures import MonitoringFigures, Observed, QueueLengths
from prompt_capture.domain.monitoring.findings import RULES, Finding, RuleName
from prompt_capture.workflows.monitoring.digest import compose_digest
from prompt_capture.workflows.monitoring.evaluate import EvaluateRules

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TASKS: dict[str, Any] = {
    "exports": [],
    "retention": {"days": 90, "done_at": None, "oldest_row_at": None, "due_at": None},
    "retraining": {
        "done_at": None, "due_at": None, "corrections_since": 0, "ran_at": None, "failed_at": None,
    },
    "unfinished_captures": {"count": 0, "oldest_at": None},
    "latest_decision_at": None,
}  # fmt: skip


def figures(**changes: Any) -> MonitoringFigures:
    quiet: dict[str, Any] = {
        "at": NOW,
        "counted_at": NOW,
        "first_day": date(2026, 1, 1),
        "audits_complete_before": None,
        "audit_wait_days": 14,
        "intents": [],
        "audits": [],
        "hours": [],
        "last_message_at": None,
        "spooled_since": None,
        "backlog": {"waiting": 0, "audits_waiting": 0, "oldest_waiting_since": None},
        "tasks": TASKS,
    }
    return MonitoringFigures.model_validate(quiet | changes)


def new_alert(number: int, finding: Finding) -> Alert:
    return Alert(
        id=number,
        rule=finding.rule,
        subject=finding.subject,
        state="open",
        since=finding.since,
        summary=finding.summary,
        evidence=finding.evidence,
        runbook=finding.runbook,
        opened_at=NOW,
        last_seen_at=NOW,
        notified_at=None,
        acknowledged_at=None,
        acknowledged_by=None,
        muted_until=None,
        muted_by=None,
        resolved_at=None,
    )


def new_finding_alert() -> Alert:
    """Return an alert about workflows."""
    finding = Finding(
        rule="workflows_fail", subject="search", since=NOW, summary="9% of 100 workflows failed."
    )
    return new_alert(12, finding)


class InMemoryAlerts:
    """Keeps unsent alerts, as the database does."""

    def __init__(self, found: MonitoringFigures) -> None:
        self._figures = found
        self._alerts: dict[tuple[str, str], Alert] = {}
        self.sent: list[int] = []
        self.rules: Sequence[RuleName] = ()
        self.observed: Observed | None = None

    async def figures(self) -> MonitoringFigures:
        return self._figures

    async def record(
        self, findings: Sequence[Finding], rules: Sequence[RuleName], observed: Observed
    ) -> list[Alert]:
        self.rules, self.observed = rules, observed
        for one in findings:
            key = one.rule, one.subject
            self._alerts.setdefault(key, new_alert(len(self._alerts) + 1, one))
        return [alert for alert in self._alerts.values() if alert.id not in self.sent]

    async def mark_as_sent(self, alerts: Sequence[Alert]) -> None:
        self.sent += [alert.id for alert in alerts]


class InMemoryTopic:
    def __init__(self) -> None:
        self.messages: list[AlertNotification] = []
        self.is_reachable = True

    async def publish(self, message: AlertNotification) -> None:
        if not self.is_reachable:
            raise TopicUnavailable("The topic did not respond.")
        self.messages.append(message)


class CountedQueue:
    def __init__(self, waiting: int | None) -> None:
        self._waiting = waiting

    async def count(self) -> int:
        if self._waiting is None:
            raise SpoolUnavailable("The queue did not respond.")
        return self._waiting


async def test_what_is_new_is_published_once_and_marked() -> None:
    store, topic = InMemoryAlerts(figures()), InMemoryTopic()
    run = EvaluateRules(store, topic, CountedQueue(0), CountedQueue(3))

    first, second = await run(), await run()

    assert (first.findings, first.published) == (1, 1)
    assert (second.findings, second.published) == (1, 0)
    assert store.sent == [1]
    assert "dead letters waiting" in topic.messages[0].subject


async def test_an_alert_that_was_not_published_is_not_marked() -> None:
    store, topic = InMemoryAlerts(figures()), InMemoryTopic()
    run = EvaluateRules(store, topic, CountedQueue(0), CountedQueue(3))
    topic.is_reachable = False

    with pytest.raises(TopicUnavailable):
        await run()
    assert store.sent == []
    topic.is_reachable = True
    await run()

    assert len(topic.messages) == 1


@pytest.mark.parametrize(
    ("spool", "dead_letters", "skipped"),
    [
        (CountedQueue(0), CountedQueue(None), {"dead_letters_waiting"}),
        (CountedQueue(None), CountedQueue(0), {"drain_overdue"}),
        (None, None, {"dead_letters_waiting", "drain_overdue"}),
    ],
)
async def test_without_a_topic_alerts_are_recorded_and_without_a_queue_its_rule_is_not(
    spool: CountedQueue | None, dead_letters: CountedQueue | None, skipped: set[str]
) -> None:
    store = InMemoryAlerts(figures(counted_at=None))

    await EvaluateRules(store, None, spool, dead_letters)()

    assert store.sent == [1]
    assert set(RULES) - set(store.rules) == skipped


async def test_the_store_keeps_what_was_observed() -> None:
    store = InMemoryAlerts(figures())

    await EvaluateRules(store, None, CountedQueue(2), None, package="0123456789ab")()

    assert store.observed == Observed(spooled=2, package="0123456789ab")


def test_a_deployment_without_any_message_raises_no_alert() -> None:
    assert evaluate(figures(), QueueLengths(spooled=0, dead_letters=0)) == ([], list(RULES))


def test_a_notification_says_what_was_seen_since_when_and_what_to_do() -> None:
    message = notification(new_finding_alert())

    assert len(message.subject) <= 100
    for part in ("9% of 100", "search", "2026-11-25 12:00", "operate.md#workflows-fail", "ack 12"):
        assert part in message.text


def health(**changes: Any) -> Health:
    day = {
        "messages": 100, "by_rule": 40, "by_model": 60, "confident": 90, "with_scope": 60,
        "out_of_scope": 6, "with_outcome": 50, "failed": 5, "audited": 5, "decided": 4,
        "correct": 3,
    }  # fmt: skip
    last = NOW.date()
    days = [day | {"day": last - timedelta(days=number)} for number in range(15)]
    values: dict[str, Any] = {
        "at": NOW, "counted_at": NOW, "evaluated_at": NOW, "first_day": last, "last_day": last,
        "review_threshold": 0.7, "min_scope": 0.5, "audit_rate": 0.05,
        "audits_complete_before": None, "days": days, "intents": [], "confusions": [],
        "calibration": [], "accuracy": [], "backlog": [], "tasks": TASKS, "marks": [],
    }  # fmt: skip
    return Health.model_validate(values | changes)


def test_the_digest_compares_the_last_complete_week_with_the_one_before() -> None:
    days = [one.model_dump() for one in health().days]
    for one in days[8:]:
        one["messages"], one["failed"] = 50, 10

    text = compose_digest(health(days=days), []).text

    assert "Messages: 700 (week before: 350)" in text
    assert "Failed workflows: 10.0% (week before: 20.0%)" in text
    assert "No alert is open." in text


def test_the_digest_of_a_new_deployment_has_no_shares() -> None:
    text = compose_digest(health(days=[]), []).text

    assert "Messages: 0 (week before: 0)" in text
    assert "Out of scope: - (week before: -)" in text


def test_every_rule_has_a_section_of_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs/how-to/operate.md").read_text("utf-8")
    anchors = {
        line.removeprefix("### ").strip().lower().replace(" ", "-")
        for line in guide.splitlines()
        if line.startswith("### ")
    }
    runbooks = {Finding(rule=rule, since=NOW, summary="x").runbook for rule in RULES}

    assert {runbook.partition("#")[2] for runbook in runbooks} <= anchors
