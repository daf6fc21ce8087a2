"""What monitoring needs: counts, the alerts, the queues of prompts, and a topic."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from prompt_capture.domain.alerts import Alert, AlertNotification
from prompt_capture.domain.health import Health
from prompt_capture.domain.monitoring.figures import MonitoringFigures, Observed
from prompt_capture.domain.monitoring.findings import Finding, RuleName


class HealthSource(Protocol):
    """The figures of a deployment. Methods may raise `StoreUnavailable`."""

    async def health(self, days: int) -> Health:
        """Return the figures of the last days, today included."""


class AlertStore(Protocol):
    """The alerts. Methods may raise `StoreUnavailable`."""

    async def figures(self) -> MonitoringFigures:
        """Return what the rules read."""

    async def record(
        self, findings: Sequence[Finding], rules: Sequence[RuleName], observed: Observed
    ) -> list[Alert]:
        """Open, update and resolve alerts. Return those that are neither sent nor muted.

        `observed` is kept: the next evaluation compares with it, and a new package is a mark.
        """

    async def mark_as_sent(self, alerts: Sequence[Alert]) -> None:
        """Record that alerts were sent."""


class AlertDesk(Protocol):
    """The alerts for those who handle them.

    Methods may raise `StoreUnavailable`. Handling raises `AlertNotFound` for an unknown alert,
    `AlertResolved` for one that is not open, and `ReviewerErased` for an erased account.
    """

    async def alerts(self, with_resolved: bool, limit: int) -> list[Alert]:
        """Return the open alerts, or all, the newest first."""

    async def acknowledge(self, alert_id: int, actor: str) -> Alert:
        """Take an alert over. The first operator who does so stays."""

    async def mute(self, alert_id: int, until: datetime, actor: str) -> Alert:
        """Send nothing about the rule and subject of an alert until a time."""


class PromptQueue(Protocol):
    """The spool, or the queue of prompts that could not be stored."""

    async def count(self) -> int:
        """Return how many wait, those in the hands of a receiver included.

        Raise `SpoolUnavailable`.
        """


class Topic(Protocol):
    """Where alerts are published."""

    async def publish(self, message: AlertNotification) -> None:
        """Publish a message. Raise `TopicUnavailable`."""
