"""The audit in Python: the cut-off as the database computes it, and sums of drawn messages."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from prompt_capture.domain.datasets.rows import AuditResult

MAX_UNDECIDED_SHARE = 0.1


class Audit(NamedTuple):
    """An audited message: when it was captured, and what reviewers made of its text."""

    captured_at: datetime
    state: Literal["decided", "disputed", "waiting"]


def complete_before(
    audits: Sequence[Audit], now: datetime, wait: timedelta = timedelta(days=14)
) -> datetime | None:
    """Return the cut-off of the audit by its definition: `private.audits_complete_before`."""
    in_order = sorted(audits)
    decided_at = [audit.captured_at for audit in in_order if audit.state == "decided"]
    last_decided = max(decided_at, default=None)
    cutoff, undecided = None, 0
    for number, audit in enumerate(in_order, start=1):
        was_passed_over = (
            audit.captured_at < now - wait
            and last_decided is not None
            and audit.captured_at < last_decided
        )
        if audit.state == "waiting" and not was_passed_over:
            break
        undecided += audit.state != "decided"
        if undecided <= MAX_UNDECIDED_SHARE * number:
            is_last = number == len(in_order)
            cutoff = now if is_last else in_order[number].captured_at
    return cutoff


def sum_audits(audits: Iterable[tuple[float, bool]]) -> AuditResult:
    """Return the sums of audited messages, each with its probability and its correctness."""
    weights, squares, counts = [0.0, 0.0], [0.0, 0.0], [0, 0]
    for probability, is_correct in audits:
        weights[is_correct] += 1 / probability
        squares[is_correct] += 1 / probability**2
        counts[is_correct] += 1
    return AuditResult(
        "confident", "test-1", sum(counts), counts[True],
        weights[True], squares[True], weights[False], squares[False],
    )  # fmt: skip
