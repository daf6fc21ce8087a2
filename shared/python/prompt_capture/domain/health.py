"""The figures of a deployment's health, as the database returns them: no text and no user."""

from datetime import date

from prompt_capture.domain.monitoring.figures import Tasks
from prompt_capture.domain.types import FrozenModel, Timestamp


class DayOfMessages(FrozenModel):
    """The messages of a day, and its audits. `confident`: with at least the review threshold."""

    day: date
    messages: int
    by_rule: int
    by_model: int
    confident: int
    with_scope: int
    out_of_scope: int
    with_outcome: int
    failed: int
    audited: int
    decided: int
    correct: int


class IntentOfMessages(FrozenModel):
    """The messages of a predicted intent.

    `expected_failures` is their number times the share of failures among known outcomes.
    """

    predicted_intent: str
    messages: int
    with_outcome: int
    failed: int
    expected_failures: float | None


class ConfusedIntents(FrozenModel):
    """An intent that was taken for another: audits, and estimated messages."""

    predicted_intent: str
    label: str
    audited: int
    messages: float


class CalibrationBand(FrozenModel):
    """The completed audits of a model version with a confidence in one tenth (0 to 9)."""

    model_version: str
    confidence_band: int
    decided: int
    correct: int
    accuracy: float


class VersionAccuracy(FrozenModel):
    """The live accuracy of a model version in the last 30 days, with its 95% interval."""

    model_version: str
    messages: int
    audited: int
    accuracy: float | None
    ci_lower: float | None
    ci_upper: float | None


class DayOfBacklog(FrozenModel):
    """The texts that waited for review at the end of a day."""

    day: date
    waiting: int
    audits_waiting: int
    oldest_waiting_since: Timestamp | None


class Mark(FrozenModel):
    """What can explain a change: a promotion, the catalogue, a deployment, a new version."""

    at: Timestamp
    kind: str
    subject: str


class Health(FrozenModel):
    """Every figure of the Health page, for the days from `first_day` to `last_day`.

    `days` has no entry for a day without messages.
    """

    at: Timestamp
    counted_at: Timestamp | None
    evaluated_at: Timestamp | None
    first_day: date
    last_day: date
    review_threshold: float
    min_scope: float
    audit_rate: float
    audits_complete_before: Timestamp | None
    days: tuple[DayOfMessages, ...]
    intents: tuple[IntentOfMessages, ...]
    confusions: tuple[ConfusedIntents, ...]
    calibration: tuple[CalibrationBand, ...]
    accuracy: tuple[VersionAccuracy, ...]
    backlog: tuple[DayOfBacklog, ...]
    tasks: Tasks
    marks: tuple[Mark, ...]
