"""Rules that compare a time with what is due. In a healthy deployment they do not fire."""

from collections.abc import Iterator
from datetime import timedelta

from prompt_capture.domain.monitoring.figures import MonitoringFigures
from prompt_capture.domain.monitoring.findings import Finding, hours_between

_JOBS_LATE = timedelta(hours=1)
_CAPTURES_LATE = timedelta(minutes=15)
_REVIEWS_LATE = timedelta(days=7)
_DRAIN_LATE = timedelta(minutes=105)
"""Three hourly evaluations take that long: a single one may find a prompt that has just come."""

MIN_CORRECTIONS_TO_RETRAIN = 100


def overdue_exports(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding for each weekly series of exports whose next one is missing."""
    for export in figures.tasks.exports:
        if export.due_at is not None and export.due_at < figures.at:
            days = hours_between(export.done_at, figures.at) / 24
            yield Finding(
                rule="export_overdue",
                subject=export.series,
                since=export.due_at,
                summary=f"The last export of the series was recorded {days:.0f} days ago.",
                evidence={"days": round(days, 1), "lines": export.lines},
            )


def overdue_retention(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where something is older than the retention allows, two nights included."""
    late = [one for one in figures.tasks.retention.retained if one.due_at < figures.at]
    if late:
        ages = {one.kind: hours_between(one.oldest_at, figures.at) / 24 for one in late}
        yield Finding(
            rule="retention_overdue",
            since=min(one.due_at for one in late),
            summary="; ".join(
                f"The oldest {one.kind} is {ages[one.kind]:.0f} days old, and is to be deleted "
                f"after {one.days} days ({one.setting})"
                for one in late
            )
            + ".",
            evidence={f"days of the oldest {kind}": round(age, 1) for kind, age in ages.items()},
        )


def overdue_retraining(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where the last model is 90 days old and many corrections came since."""
    retraining = figures.tasks.retraining
    is_late = retraining.due_at is not None and retraining.due_at < figures.at
    if retraining.due_at and is_late and retraining.corrections_since >= MIN_CORRECTIONS_TO_RETRAIN:
        yield Finding(
            rule="retraining_overdue",
            since=retraining.due_at,
            summary=f"No model was registered for 90 days, and {retraining.corrections_since:,} "
            "corrections came since.",
            evidence={"corrections_since": retraining.corrections_since},
        )


def failed_retraining(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where a run of the retraining has no end, and no later run made up for it."""
    failed_at = figures.tasks.retraining.failed_at
    if failed_at is not None:
        yield Finding(
            rule="retraining_failed",
            since=failed_at,
            summary="The retraining that began then did not end.",
        )


def stopped_jobs(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where the jobs of the database do not run."""
    unfinished = figures.tasks.unfinished_captures
    counted_at, oldest_at = figures.counted_at, unfinished.oldest_at
    if oldest_at is not None and figures.at - oldest_at > _CAPTURES_LATE:
        yield Finding(
            rule="jobs_stopped",
            since=oldest_at,
            summary=f"{unfinished.count:,} captures wait for the job of every minute.",
            evidence={"unfinished_captures": unfinished.count},
        )
    elif counted_at is None or figures.at - counted_at > _JOBS_LATE:
        since = counted_at or figures.at
        yield Finding(
            rule="jobs_stopped",
            since=since,
            summary="The counts by day are not up to date.",
            evidence={"hours": round(hours_between(since, figures.at), 1)},
        )


def unreviewed_queue(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where texts wait for long and nobody decided any for a week."""
    backlog, latest = figures.backlog, figures.tasks.latest_decision_at
    oldest = backlog.oldest_waiting_since
    if oldest is None or figures.at - oldest < timedelta(days=figures.audit_wait_days):
        return
    if latest is None or figures.at - latest > _REVIEWS_LATE:
        yield Finding(
            rule="nobody_reviews",
            since=max(oldest, latest) if latest else oldest,
            summary=f"{backlog.waiting:,} texts wait for review, the oldest for "
            f"{hours_between(oldest, figures.at) / 24:.0f} days, and nobody has decided any for a "
            "week.",
            evidence={"waiting": backlog.waiting, "audits_waiting": backlog.audits_waiting},
        )


def overdue_drain(figures: MonitoringFigures, spooled: int) -> Iterator[Finding]:
    """Yield a finding where prompts stay in the spool, although the database responds."""
    since = figures.spooled_since
    if spooled and since is not None and figures.at - since >= _DRAIN_LATE:
        yield Finding(
            rule="drain_overdue",
            since=since,
            summary=f"{spooled:,} prompts wait in the spool, where some have waited for "
            f"{hours_between(since, figures.at):.0f} hours.",
            evidence={"spooled": spooled},
        )


def unsent_dead_letters(figures: MonitoringFigures, dead_letters: int) -> Iterator[Finding]:
    """Yield a finding where the drain could not store prompts."""
    if dead_letters:
        yield Finding(
            rule="dead_letters_waiting",
            since=figures.at,
            summary=f"{dead_letters:,} prompts could not be stored.",
            evidence={"dead_letters": dead_letters},
        )
