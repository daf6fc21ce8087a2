"""The check `monitoring`: that counts are up to date, and that rules are evaluated."""

from collections.abc import Iterator

from cli.checks.interface import CheckResult, Deployment, ok, skipped, wrong

_PROGRESS = """
select extract(epoch from now() - counted_at) / 60, extract(epoch from now() - evaluated_at) / 60,
  exists (select from public.nlu_prompt_logs where created_at < now() - interval '1 hour')
from private.monitoring
"""
_MAX_COUNT_AGE = 60
_MAX_EVALUATION_AGE = 180
"""In minutes. Counts are five minutes old at most, evaluations an hour; some may fail."""


def monitoring(deployment: Deployment) -> Iterator[CheckResult]:
    """Read when the counts by day were up to date, and when the rules were evaluated."""
    [(count_age, evaluation_age, has_older_messages)] = deployment.query(_PROGRESS)
    if count_age is None and not has_older_messages:
        yield skipped(
            "counts by day",
            "were not made yet; no message is older than an hour",
            "Run the command again in ten minutes.",
        )
    elif count_age is None or count_age > _MAX_COUNT_AGE:
        yield wrong(
            "counts by day",
            _describe("were last up to date", count_age, "were never up to date"),
            "See `nightly jobs`: the job `prompt-capture: count changed days` runs every five "
            "minutes.",
        )
    else:
        yield ok("counts by day", "are up to date")
    if evaluation_age is not None and evaluation_age <= _MAX_EVALUATION_AGE:
        yield ok("rules of the alerts", "are evaluated")
    elif deployment.settings.export_schedule_group is None and evaluation_age is None:
        yield skipped(
            "rules of the alerts",
            "were never evaluated; no schedule is known",
            'Invoke the function monitor with {"mode": "evaluate"}, or pass --stage dev.',
        )
    else:
        yield wrong(
            "rules of the alerts",
            _describe("were last evaluated", evaluation_age, "were never evaluated"),
            "See `schedules`, and the log of the function monitor.",
        )


def _describe(what: str, minutes: float | None, never: str) -> str:
    return never if minutes is None else f"{what} {minutes / 60:.0f} hours ago"
