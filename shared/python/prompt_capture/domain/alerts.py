"""Alerts: events that the rules of the monitor found, and their handling."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from prompt_capture.domain.changes import validate_reviewer_name
from prompt_capture.domain.types import FrozenModel, Identifier, Timestamp

AlertState = Literal["open", "acknowledged", "muted", "resolved"]

AlertOperator = Annotated[Identifier, AfterValidator(validate_reviewer_name)]


class Alert(FrozenModel):
    """An alert, as the database keeps it. It holds figures, and no text of a message.

    `runbook` is the section of the documentation that says what to do.
    """

    id: int
    rule: str
    subject: str
    state: AlertState
    since: Timestamp
    summary: str
    evidence: Mapping[str, float | str | None]
    runbook: str
    opened_at: Timestamp
    last_seen_at: Timestamp
    notified_at: Timestamp | None
    acknowledged_at: Timestamp | None
    acknowledged_by: str | None
    muted_until: Timestamp | None
    muted_by: str | None
    resolved_at: Timestamp | None


class AlertNotification(FrozenModel):
    """A message to the topic. SNS accepts subjects of at most 100 ASCII characters."""

    subject: Annotated[str, Field(max_length=100)]
    text: str


def notification(alert: Alert) -> AlertNotification:
    """Return what the topic is told about an alert: what was seen, since when, and what to do."""
    name = alert.rule.replace("_", " ")
    about = f"About: {alert.subject}\n" if alert.subject else ""
    text = (
        f"{alert.summary}\n\n{about}"
        f"Since: {alert.since:%Y-%m-%d %H:%M} UTC\n"
        f"What to do: {alert.runbook}\n"
        f"To take it over: prompt-capture alerts ack {alert.id}\n"
    )
    return AlertNotification(subject=f"Prompt Capture: {name} (alert {alert.id})", text=text)
