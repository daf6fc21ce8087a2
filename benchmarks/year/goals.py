"""The goals of a year, and whether the results reach them."""

from collections.abc import Iterator, Sequence

from benchmarks.goals import MeasuredGoal
from benchmarks.year.results import LAST_MONTHS, YearResult

MIN_GAIN, MAX_LABELS, MIN_PROMOTIONS = 0.03, 250, 2


def check_year(results: Sequence[YearResult]) -> Iterator[MeasuredGoal]:
    """Yield each goal: every seed must reach it."""
    gains = [each.gain for each in results]
    yield MeasuredGoal(
        f"at the end, at least {100 * MIN_GAIN:.0f} points above the first model "
        f"(the last {LAST_MONTHS} months)",
        _list(f"{100 * gain:+.1f}" for gain in gains),
        min(gains) >= MIN_GAIN,
    )
    labels = [each.most_labels for each in results]
    yield MeasuredGoal(
        f"at most {MAX_LABELS} labels a month",
        _list(f"at most {count}" for count in labels),
        max(labels) <= MAX_LABELS,
    )
    promotions = [each.promotions for each in results]
    yield MeasuredGoal(
        f"at least {MIN_PROMOTIONS} promotions",
        _list(map(str, promotions)),
        min(promotions) >= MIN_PROMOTIONS,
    )
    yield _check_never_serves(
        "the worse candidate", [(each.worse, each.served) for each in results]
    )
    yield _check_never_serves(
        "the model of the bad batch", [(each.bad_batch, each.served) for each in results]
    )


def _check_never_serves(
    name: str, years: Sequence[tuple[tuple[str, ...], frozenset[str]]]
) -> MeasuredGoal:
    serving = sum(bool(served.intersection(versions)) for versions, served in years)
    missing = sum(not versions for versions, _served in years)
    if missing:
        return MeasuredGoal(
            f"{name} never serves", f"no such model in {missing} of {len(years)} years", False
        )
    return MeasuredGoal(
        f"{name} never serves", f"served in {serving} of {len(years)} years", not serving
    )


def _list(values: Iterator[str]) -> str:
    return ", ".join(values)
