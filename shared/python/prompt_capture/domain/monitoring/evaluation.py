"""Evaluate every rule."""

from prompt_capture.domain.monitoring import changes, due
from prompt_capture.domain.monitoring.figures import MonitoringFigures
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
    due.stopped_jobs,
    due.unreviewed_queue,
)


def evaluate(
    figures: MonitoringFigures, dead_letters: int | None
) -> tuple[list[Finding], list[RuleName]]:
    """Return what the rules found, and which rules were evaluated.

    `dead_letters` is None where the queue could not be asked: its rule is not evaluated then.
    """
    findings = [finding for rule in (*_CHANGES, *_DUE) for finding in rule(figures)]
    if dead_letters is None:
        return findings, [rule for rule in RULES if rule != "dead_letters_waiting"]
    return [*findings, *due.unsent_dead_letters(figures, dead_letters)], list(RULES)
