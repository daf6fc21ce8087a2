"""The audit in Python: the cut-off as the database computes it, and sums of drawn messages."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from prompt_capture.domain.datasets.rows import AuditResult

MAX_UNDECIDED_SHARE = 0.1


class Audit(NamedTuple):
    """An audited message: when it was captured, and what reviewers made of its text.

    Without `text`, the message has a text of its own. Without `decided_at`, it was decided at once.
    """

    captured_at: datetime
    state: Literal["decided", "disputed", "waiting"]
    text: str | None = None
    decided_at: datetime | None = None


def complete_before(
    audits: Sequence[Audit], now: datetime, wait: timedelta = timedelta(days=14)
) -> datetime | None:
    """Return the cut-off of the audit by its definition: `private.audits_complete_before`."""
    in_order = sorted(audits, key=lambda audit: audit.captured_at)
    last_decision = max(
        (audit.decided_at or audit.captured_at for audit in audits if audit.state == "decided"),
        default=None,
    )
    cutoff = None
    texts: set[str | int] = set()
    undecided: set[str | int] = set()
    for number, audit in enumerate(in_order, start=1):
        was_passed_over = (
            audit.captured_at < now - wait
            and last_decision is not None
            and audit.captured_at < last_decision
        )
        if audit.state == "waiting" and not was_passed_over:
            break
        text = number if audit.text is None else audit.text
        texts.add(text)
        if audit.state != "decided":
            undecided.add(text)
        if len(undecided) <= MAX_UNDECIDED_SHARE * len(texts):
            is_last = number == len(in_order)
            cutoff = now if is_last else in_order[number].captured_at
    return cutoff


def sum_audits(audits: Iterable[tuple[float, bool | None]]) -> AuditResult:
    """Return the sums of audited messages, each with its probability and its correctness.

    The correctness of a message that cannot be decided is None.
    """
    outcomes: tuple[bool | None, ...] = (True, False, None)
    weights, squares = dict.fromkeys(outcomes, 0.0), dict.fromkeys(outcomes, 0.0)
    counts = dict.fromkeys(outcomes, 0)
    for probability, is_correct in audits:
        weights[is_correct] += 1 / probability
        squares[is_correct] += 1 / probability**2
        counts[is_correct] += 1
    return AuditResult(
        "confident", "test-1", counts[True] + counts[False], counts[True],
        weights[True], squares[True], weights[False], squares[False],
        weights[None], squares[None],
    )  # fmt: skip
