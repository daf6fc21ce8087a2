"""What the rules read: counts by day without a text, and times."""

from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.types import FrozenModel, Timestamp

Floats = NDArray[np.float64]


class ExportTask(FrozenModel):
    """A series of exports: when one was recorded last, and when the next is due if it is weekly."""

    series: str
    done_at: Timestamp
    lines: int
    due_at: Timestamp | None


class RetainedKind(FrozenModel):
    """What retention deletes after so many days, and since when the oldest of it has been there."""

    kind: str
    setting: str
    days: int
    oldest_at: Timestamp
    due_at: Timestamp


class RetentionTask(FrozenModel):
    """The retention: the age in days at which rows are deleted, and the oldest row.

    `done_at` is when it last found no row left to delete. `due_at` is of what is due first:
    `retained` has that of each kind.
    """

    days: int
    done_at: Timestamp | None
    oldest_row_at: Timestamp | None
    due_at: Timestamp | None
    retained: tuple[RetainedKind, ...] = ()


class RetrainingTask(FrozenModel):
    """The latest registration of a model, and how many corrections came since.

    `ran_at` is the end of the latest run. `failed_at` is when a run began that has no end, and no
    successor.
    """

    done_at: Timestamp | None
    due_at: Timestamp | None
    corrections_since: int
    ran_at: Timestamp | None
    failed_at: Timestamp | None


class UnfinishedCaptures(FrozenModel):
    """Captures that the job of every minute has not completed."""

    count: int
    oldest_at: Timestamp | None


class Tasks(FrozenModel):
    """What is done regularly."""

    exports: tuple[ExportTask, ...]
    retention: RetentionTask
    retraining: RetrainingTask
    unfinished_captures: UnfinishedCaptures
    latest_decision_at: Timestamp | None


class Backlog(FrozenModel):
    """The texts that wait for review, without those that merely fill the queue."""

    waiting: int
    audits_waiting: int
    oldest_waiting_since: Timestamp | None


class QueueLengths(FrozenModel):
    """How many prompts wait in the spool, and as dead letters; None where nobody could ask."""

    spooled: int | None = None
    dead_letters: int | None = None


class Observed(FrozenModel):
    """What the monitor sees outside the database: prompts in the spool, and its own package."""

    spooled: int | None
    package: str | None


class MonitoringFigures(FrozenModel):
    """The counts of complete days, and times, as the database returns them.

    Rows of `intents`: day, intent, messages, those with an outcome, failed ones, those with a
    scope, those out of scope. Rows of `audits`: day, decided, correct. `hours` has the messages of
    each of the last hours, the present one last. `spooled_since` is the first of the latest
    evaluations that all found prompts in the spool.
    """

    at: Timestamp
    counted_at: Timestamp | None
    first_day: date
    audits_complete_before: Timestamp | None
    audit_wait_days: int
    intents: tuple[tuple[date, str, int, int, int, int, int], ...]
    audits: tuple[tuple[date, int, int], ...]
    hours: tuple[int, ...]
    last_message_at: Timestamp | None
    spooled_since: Timestamp | None
    backlog: Backlog
    tasks: Tasks

    @cached_property
    def begin(self) -> date:
        """The first day with a message, or today where there is none."""
        return min((row[0] for row in self.intents), default=self._today)

    @property
    def days(self) -> int:
        """The number of complete days since then."""
        return max(0, (self._today - self.begin).days)

    @property
    def _today(self) -> date:
        return self.at.astimezone(UTC).date()

    def day(self, index: int) -> datetime:
        """Return the beginning of a day by its number."""
        return datetime.combine(self.begin + timedelta(days=index), datetime.min.time(), UTC)

    @cached_property
    def intent_names(self) -> tuple[str, ...]:
        """The predicted intents, by name."""
        return tuple(sorted({row[1] for row in self.intents}))

    @cached_property
    def by_intent(self) -> Floats:
        """Counts by day and intent: five tables in the order of a row of `intents`."""
        column = {name: index for index, name in enumerate(self.intent_names)}
        tables = np.zeros((5, self.days, len(column)))
        for day, intent, *counts in self.intents:
            tables[:, (day - self.begin).days, column[intent]] = counts
        return tables

    @cached_property
    def audited(self) -> Floats:
        """Decided and correct audits by day: two tables with one column."""
        tables = np.zeros((2, self.days, 1))
        for day, decided, correct in self.audits:
            index = (day - self.begin).days
            if 0 <= index < self.days:
                tables[:, index, 0] = decided, correct
        return tables
