"""Evaluate every rule."""

from prompt_capture.domain.monitoring import changes, due
from prompt_capture.domain.monitoring.figures import MonitoringFigures, QueueLengths
from prompt_capture.domain.monitoring.findings import RULES, Finding, RuleName

_CHANGES = (
    changes.dropped_accuracy,
    changes.failing_intents,
    changes.shifted_shares,
    changes.surged_out_of_scope,
    changes.silent_hours,
)
_DUE = (
    due.overdue_exports,
    due.overdue_retention,
    due.overdue_retraining,
    due.failed_retraining,
    due.stopped_jobs,
    due.unreviewed_queue,
)


def evaluate(
    figures: MonitoringFigures, queues: QueueLengths
) -> tuple[list[Finding], list[RuleName]]:
    """Return what the rules found, and which rules were evaluated.

    The rule of a queue that could not be asked is not evaluated.
    """
    findings = [finding for rule in (*_CHANGES, *_DUE) for finding in rule(figures)]
    skipped: set[RuleName] = set()
    if queues.spooled is None:
        skipped.add("drain_overdue")
    else:
        findings += due.overdue_drain(figures, queues.spooled)
    if queues.dead_letters is None:
        skipped.add("dead_letters_waiting")
    else:
        findings += due.unsent_dead_letters(figures, queues.dead_letters)
    return findings, [rule for rule in RULES if rule not in skipped]
