"""The goals of the gate, and whether the results reach them."""

from collections.abc import Iterator, Sequence

from benchmarks.gate.trials import ScenarioResult
from benchmarks.goals import MeasuredGoal

MAX_EQUAL_PROMOTED = 0.065
MIN_WORSE_REFUSED = 0.99
MIN_BETTER_PROMOTED = 0.8
BETTER_LABELS = {"messages": 2_000, "disagreements": 200}
"""How many labels promote a better candidate. Disagreements decide with a tenth of them."""

MIN_COVERAGE, MAX_COVERAGE = 0.93, 0.97


def check_goals(results: Sequence[ScenarioResult]) -> Iterator[MeasuredGoal]:
    """Yield the goals for which the results have trials."""
    equal = [_share(each, each.promoted) for each in results if each.scenario.difference == 0]
    if equal:
        yield MeasuredGoal(
            f"an equal candidate promoted at most {MAX_EQUAL_PROMOTED:.1%}",
            f"{max(equal):.1%} at most",
            max(equal) <= MAX_EQUAL_PROMOTED,
        )
    worse = [1 - _share(each, each.promoted) for each in results if each.scenario.difference < 0]
    if worse:
        yield MeasuredGoal(
            f"one that is 2 points worse refused at least {MIN_WORSE_REFUSED:.0%}",
            f"{min(worse):.1%} at least",
            min(worse) >= MIN_WORSE_REFUSED,
        )
    for result in results:
        scenario = result.scenario
        if scenario.difference > 0 and scenario.labels == BETTER_LABELS[scenario.evidence]:
            promoted = _share(result, result.promoted)
            yield MeasuredGoal(
                f"one that is 2 points better promoted at least {MIN_BETTER_PROMOTED:.0%}, "
                f"{scenario.labels:,} {scenario.evidence}",
                f"{promoted:.1%}",
                promoted >= MIN_BETTER_PROMOTED,
            )
    coverage = [_share(each, each.covering) for each in results]
    yield MeasuredGoal(
        f"intervals cover {MIN_COVERAGE:.0%} to {MAX_COVERAGE:.0%}",
        f"{min(coverage):.1%} to {max(coverage):.1%}",
        min(coverage) >= MIN_COVERAGE and max(coverage) <= MAX_COVERAGE,
    )


def _share(result: ScenarioResult, count: int) -> float:
    return count / result.trials
