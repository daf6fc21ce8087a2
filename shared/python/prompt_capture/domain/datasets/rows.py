"""What an export reads from the store: rows, the window in which they changed, and audits."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from prompt_capture.domain.types import FrozenModel, Timestamp


class Window(FrozenModel):
    """A half-open range of changes, in the order in which they became visible.

    `begin` is included, `end` is not. Both are change numbers as text, since JSON readers may
    round large numbers. A window that begins at "0" covers everything.

    The cut-off of the audit moved from `audits_begin`, that of the series' last dataset, to
    `audits_end`; None: no audit was complete. It moves without a change of the rows that it passes.
    """

    begin: str
    end: str
    audits_begin: Timestamp | None = None
    audits_end: Timestamp | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the window covers everything, and not only the changes since another one."""
        return self.begin == "0"


class OpenedExport(NamedTuple):
    """A window, the number of captured rows in it, and its opening time by the store's clock."""

    window: Window
    rows: int
    opened_at: datetime


class ExportRow(NamedTuple):
    """A captured row, or a retained text (with `source` "retained", and without a sender).

    `text_id` is a keyed hash that all copies of a text share. `sender` is a pseudonym that is
    valid within one export only. `reasons` says why the row waits for review; None: it does not.
    `is_audited`: the row was drawn for the audit, for which it had `audit_probability`.
    `corrected_secondary_intents` is None where reviewers did not say, `predicted_secondary_intents`
    where there are none. `near_duplicate_intent` is that of another text, with which a reviewer
    decided this one as a near-duplicate; None: nobody did, or the decision no longer stands.
    """

    id: str
    text_id: str
    change: str
    prompt: str
    predicted_intent: str
    confidence: float | None
    scope: float | None
    source: str
    model_version: str
    corrected_intent: str | None
    was_successful: bool | None
    is_disputed: bool
    created_at: str
    sender: str | None
    times_sent: int = 1
    reasons: list[str] | None = None
    is_audited: bool = False
    audit_probability: float | None = None
    corrected_secondary_intents: list[str] | None = None
    predicted_secondary_intents: list[str] | None = None
    near_duplicate_intent: str | None = None
    near_duplicate_secondary_intents: list[str] | None = None

    @property
    def label(self) -> str:
        """The most reliable intent that is known of the row."""
        return self.corrected_intent or self.near_duplicate_intent or self.predicted_intent

    @property
    def is_retained(self) -> bool:
        """Whether this is a labelled text whose rows were deleted."""
        return self.source == "retained"


class ErasedRow(NamedTuple):
    """An exported row that was erased since."""

    id: str
    text_id: str
    change: str


class ErasedLine(NamedTuple):
    """A row of an erased user in an exported object, and how many others share its text there.

    `other_rows` are the rows of other users with the same text, `other_users` those users. Erased
    users do not count, even where the object still holds their rows.
    """

    id: str
    text_id: str
    other_rows: int
    other_users: int


class SenderOfPage(NamedTuple):
    """A user whose rows an exported object holds: a page of the ledger, and an index in it."""

    page: int
    user_index: int


class ErasedLines(NamedTuple):
    """What an exported object holds of erased users.

    `is_recent`: the ledger registered rows of the object within a day, so the export that writes
    it may still run.
    """

    lines: list[ErasedLine]
    senders: list[SenderOfPage]
    is_recent: bool


class AuditResult(NamedTuple):
    """How the completed audits of a tier and model version ended.

    `audited` and `correct` are numbers of decided rows. A row weighs one divided by its
    probability. The weights and their squares are summed over the rows with a correct and with a
    wrong prediction, and over the rows that cannot be decided.
    """

    tier: str
    model_version: str
    audited: int
    correct: int
    correct_weight: float
    correct_squares: float
    wrong_weight: float
    wrong_squares: float
    undecided_weight: float = 0.0
    undecided_squares: float = 0.0


class AuditResults(NamedTuple):
    """The results of the audits before the cut-off `complete_before`; None: none is complete."""

    complete_before: datetime | None
    results: list[AuditResult]


def group_by_text(rows: Iterable[ExportRow]) -> Iterator[list[ExportRow]]:
    """Yield the rows of each text. Rows of the same text must be adjacent."""
    for _, group in groupby(rows, key=lambda row: row.text_id):
        yield list(group)
