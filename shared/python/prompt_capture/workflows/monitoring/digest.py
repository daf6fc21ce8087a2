"""The weekly digest: last week's figures beside those of the week before, without any text."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from prompt_capture.domain.alerts import Alert, AlertNotification
from prompt_capture.domain.health import DayOfMessages, Health
from prompt_capture.ports.monitoring import AlertDesk, HealthSource, Topic

_WEEK = 7
_MAX_ALERTS = 100
_RANKED = 5


class SendDigest:
    """Publishes the digest of the last seven complete days."""

    def __init__(self, source: HealthSource, desk: AlertDesk, topic: Topic) -> None:
        self._source, self._desk, self._topic = source, desk, topic

    async def __call__(self) -> AlertNotification:
        """Publish the digest and return it. Raise `StoreUnavailable` or `TopicUnavailable`."""
        health = await self._source.health(2 * _WEEK + 1)
        digest = compose_digest(health, await self._desk.alerts(False, _MAX_ALERTS))
        await self._topic.publish(digest)
        return digest


def compose_digest(health: Health, alerts: Sequence[Alert]) -> AlertNotification:
    """Return the digest of the last seven complete days."""
    begin = health.last_day - timedelta(days=_WEEK)
    week = [one for one in health.days if begin <= one.day < health.last_day]
    before = [one for one in health.days if begin - timedelta(days=_WEEK) <= one.day < begin]
    subject = f"Prompt Capture: week from {begin:%Y-%m-%d}"
    lines = [*_figures(week, before), *_accuracy(health), *_tasks(health), *_intents(health)]
    lines += [f"Mark: {mark.at:%Y-%m-%d} {mark.kind} {mark.subject}" for mark in health.marks]
    lines += [f"Alert {one.id} ({one.state}): {one.summary}" for one in alerts]
    lines += [] if alerts else ["No alert is open."]
    return AlertNotification(subject=subject, text="\n".join(lines) + "\n")


def _figures(week: Sequence[DayOfMessages], before: Sequence[DayOfMessages]) -> Iterator[str]:
    yield f"Messages: {_sum(week, 'messages'):,} (week before: {_sum(before, 'messages'):,})"
    for name, part, whole in (
        ("Answered with confidence", "confident", "messages"),
        ("Out of scope", "out_of_scope", "with_scope"),
        ("Failed workflows", "failed", "with_outcome"),
    ):
        shares = _percent(week, part, whole), _percent(before, part, whole)
        yield f"{name}: {shares[0]} (week before: {shares[1]})"


def _accuracy(health: Health) -> Iterator[str]:
    for version in health.accuracy:
        if version.accuracy is None or version.ci_lower is None or version.ci_upper is None:
            yield f"Live accuracy of {version.model_version}: too few audits ({version.audited})"
            continue
        interval = f"{version.ci_lower:.1%} to {version.ci_upper:.1%}"
        yield f"Live accuracy of {version.model_version}: {version.accuracy:.1%} ({interval})"


def _tasks(health: Health) -> Iterator[str]:
    if health.backlog:
        latest = health.backlog[-1]
        age = health.at - latest.oldest_waiting_since if latest.oldest_waiting_since else None
        oldest = f", the oldest for {age.days} days" if age else ""
        yield f"Waiting for review: {latest.waiting:,}{oldest}"
    for export in health.tasks.exports:
        yield f"Export {export.series}: {export.lines:,} lines on {export.done_at:%Y-%m-%d}"


def _intents(health: Health) -> Iterator[str]:
    failing = [one for one in health.intents if one.expected_failures]
    for one in failing[:_RANKED]:
        yield f"{one.predicted_intent}: {one.failed:,} of {one.with_outcome:,} workflows failed"


def _sum(days: Iterable[DayOfMessages], field: str) -> int:
    return sum(getattr(day, field) for day in days)


def _percent(days: Sequence[DayOfMessages], part: str, whole: str) -> str:
    total = _sum(days, whole)
    return f"{_sum(days, part) / total:.1%}" if total else "-"
