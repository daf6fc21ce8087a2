"""`make bench NAME=split`: simulate splits with correlation within users.

Prints the rates at which splits are stopped, and draws the share that is stopped by each day.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from benchmarks.split.picture import write_picture
from benchmarks.split.simulation import MESSAGES_PER_USER, SimulatedSplit, SplitScenario, simulate
from prompt_capture.domain.split_statistics import ALPHA, DIFFERENCE, POWER, sample_size

ICCS = (0.0, 0.05, 0.1)
RATE = 0.82
LOSSES = (0.0, DIFFERENCE, 0.05, 0.1)
SHARES = (0.5, 0.1)
SMALLEST, LARGEST = 18_000, 29_000
"""The sample size that an ICC of 0.1 leads to lies between these, by the issue of the split."""


def main() -> None:
    """Simulate all scenarios, print a table, and draw the picture."""
    parser = argparse.ArgumentParser(prog="make bench NAME=split", description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="simulated splits with equal arms")
    parser.add_argument(
        "--out", type=Path, default=Path("build/bench-split"), help="folder of the picture"
    )
    options = parser.parse_args()
    runs = options.runs
    sys.stdout.write(
        f"{runs} splits with equal arms and {_runs_with_loss(runs)} with each loss, {RATE:.0%} "
        f"success, {MESSAGES_PER_USER} messages a user, evaluated daily.\n\n"
        f"{'share':>6}{'ICC':>6}{'loss':>7}{'outcomes an arm':>17}{'stopped':>9}"
        f"{'median day':>12}{'half stopped by':>17}\n"
    )
    equal_arms: list[float] = []
    drawn: list[tuple[SplitScenario, list[SimulatedSplit]]] = []
    for scenario, splits in _simulate_all(runs):
        if scenario.share == max(SHARES):
            drawn.append((scenario, splits))
        stopped = [split for split in splits if split.stopped_on is not None]
        rate = len(stopped) / len(splits)
        if scenario.challenger == scenario.champion:
            equal_arms.append(rate)
        sys.stdout.write(_row(scenario, splits, stopped, rate))
    sys.stdout.write("\n" + "".join(_verdicts(equal_arms, runs)))
    write_picture(drawn, options.out / "split.svg")
    sys.stdout.write(f"The picture is {options.out / 'split.svg'}.\n")


def _runs_with_loss(runs: int) -> int:
    return max(1, runs // 4)


def _simulate_all(runs: int) -> Iterator[tuple[SplitScenario, list[SimulatedSplit]]]:
    scenarios = [_scenario(share, icc, loss) for share in SHARES for icc in ICCS for loss in LOSSES]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scenarios", total=len(scenarios))
        for number, scenario in enumerate(scenarios):
            has_loss = scenario.challenger < scenario.champion
            splits = [
                simulate(scenario, np.random.default_rng((number, run)))
                for run in range(_runs_with_loss(runs) if has_loss else runs)
            ]
            progress.advance(task)
            yield scenario, splits


def _scenario(share: float, icc: float, loss: float) -> SplitScenario:
    """Return a split as large as the printed sample size asks for a loss of `DIFFERENCE`.

    With a smaller share, it is as large as with an ICC of 0, so that the simulation takes minutes.
    """
    size = sample_size(RATE, icc if share == max(SHARES) else 0.0, MESSAGES_PER_USER, share)
    users = (size.champion + size.challenger) // MESSAGES_PER_USER
    return replace(SplitScenario(RATE, RATE - loss, icc), users=users, share=share)


def _row(
    scenario: SplitScenario,
    splits: list[SimulatedSplit],
    stopped: list[SimulatedSplit],
    rate: float,
) -> str:
    days = sorted(split.stopped_on for split in stopped if split.stopped_on is not None)
    outcomes = sorted(split.outcomes for split in stopped)
    has_half = len(stopped) >= len(splits) / 2
    outcomes_to_half = f"{outcomes[len(splits) // 2 - 1]:,}" if has_half else "-"
    return (
        f"{scenario.share:>6.0%}{scenario.icc:>6.2f}{scenario.champion - scenario.challenger:>7.0%}"
        f"{max(split.outcomes for split in splits):>17,}{rate:>9.1%}"
        f"{str(days[len(days) // 2]) if days else '-':>12}{outcomes_to_half:>17}\n"
    )


def _verdicts(equal_arms: list[float], runs: int) -> Iterator[str]:
    worst = max(equal_arms)
    # The rate of a rule that errs with exactly ALPHA varies from one simulation to the next.
    most = ALPHA + 2 * (ALPHA * (1 - ALPHA) / runs) ** 0.5
    yield (
        f"Equal arms were stopped in at most {worst:.1%} of the splits. Goal: {ALPHA:.0%} "
        f"({'reached' if worst <= ALPHA else 'within chance' if worst <= most else 'missed'}).\n"
    )
    for icc in ICCS:
        size = sample_size(RATE, icc, MESSAGES_PER_USER, 0.5)
        yield (
            f"ICC {icc:.2f}: {size.challenger:,} messages an arm find a loss from {RATE:.0%} to "
            f"{RATE - DIFFERENCE:.0%} with a probability of {POWER:.0%}.\n"
        )
    largest = sample_size(RATE, max(ICCS), MESSAGES_PER_USER, 0.5).challenger
    is_within = SMALLEST <= largest <= LARGEST
    yield (
        f"Goal with an ICC of {max(ICCS)}: {SMALLEST:,} to {LARGEST:,} messages an arm "
        f"({'reached' if is_within else 'missed'}).\n"
    )


if __name__ == "__main__":
    main()
