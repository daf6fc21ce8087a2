"""A split and the comparison of its arms, for people and for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from cli.printable import printable
from prompt_capture.domain.split_statistics import DIFFERENCE, MIN_USERS, POWER, ArmSummary
from prompt_capture.workflows.models.evaluate_split import SplitStatus

_PACKAGED = "the packaged model"


def describe_split(status: SplitStatus) -> Iterator[str]:
    """Yield lines about a split and what its outcomes say."""
    results, comparison = status.results, status.comparison
    champion = results.champion or _PACKAGED
    started = _time(results.started_at)
    if results.stopped is None:
        yield f"{results.challenger} answers {results.latest_share:.0%} of the users in place of"
        yield f"{champion}, since {started}."
    else:
        stopped = results.stopped
        yield f"{results.challenger} was compared with {champion}, from {started}"
        yield f"to {_time(stopped.at)}, when {printable(stopped.actor)} stopped it."
        yield f"Reason: {printable(stopped.reason)}"
    yield ""
    yield _arm("champion", comparison.champion)
    yield _arm("challenger", comparison.challenger)
    if results.messages:
        share = results.fallbacks / results.messages
        yield f"The champion answered {share:.1%} of the challenger's messages: not loaded."
    if comparison.difference is not None:
        yield f"difference  {100 * comparison.difference:+.1f} points{_highest(comparison.highest)}"
    yield f"ICC         {comparison.icc:.3f}"
    if comparison.sample_size is not None:
        yield (
            f"To find a loss of {100 * DIFFERENCE:.0f} points with a probability of {POWER:.0%}: "
            f"{comparison.sample_size.champion:,} outcomes of the champion and "
            f"{comparison.sample_size.challenger:,} of the challenger."
        )
    if comparison.shows_harm:
        yield "The challenger does harm: the next evaluation stops the split."


def split_as_json(status: SplitStatus) -> dict[str, Any]:
    """Return everything that is known about a split."""
    results = status.results.model_dump(mode="json", exclude={"latest_share"})
    comparison = asdict(status.comparison)
    return {**results, **comparison, "shows_harm": status.comparison.shows_harm}


def _arm(name: str, summary: ArmSummary | None) -> str:
    if summary is None:
        return f"{name:<12}no outcomes"
    return (
        f"{name:<12}{summary.rate:.1%} of {summary.outcomes:,} outcomes succeeded "
        f"({summary.users:,} users)"
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _highest(highest: float | None) -> str:
    if highest is None:
        return f" (too few users: {MIN_USERS} in each arm are needed)"
    return f", at most {100 * highest:+.1f}"
