"""`make bench NAME=alerts`: what the rules of the alerts promise, in simulated years."""

import argparse
import sys
from collections.abc import Callable, Iterable
from itertools import product
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from benchmarks.alerts import run
from benchmarks.alerts.rendering import (
    check_goals,
    table_of_delays,
    table_of_false_alarms,
    table_of_topics,
)
from benchmarks.goals import goal_lines
from cli.error_handling import error_console
from cli.progress import progress_columns

Figure = TypeVar("Figure")


def main() -> int:
    """Simulate, and print tables and goals; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench NAME=alerts", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="years per figure")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console = Console()
    delays = list(product(run.VOLUMES, run.ACCURACIES))
    topics = list(product(run.VOLUMES, run.TOPIC_BASES))
    with Progress(*progress_columns(), console=error_console, transient=True) as progress:
        task = progress.add_task("figures", total=len(run.VOLUMES) + len(delays) + len(topics))

        def measure(
            figure: Callable[..., Figure], cases: Iterable[tuple[int | float, ...]]
        ) -> list[Figure]:
            measured = []
            for case in cases:
                measured.append(figure(*case, arguments.runs, arguments.seed))
                progress.advance(task)
            return measured

        alarms = measure(run.count_false_alarms, ((volume,) for volume in run.VOLUMES))
        console.print(table_of_false_alarms(alarms))
        found_drops = measure(run.measure_delay, delays)
        console.print(table_of_delays(found_drops))
        found_topics = measure(run.find_topic, topics)
        console.print(table_of_topics(found_topics))
    goals = check_goals(alarms, found_drops, found_topics)
    for line in goal_lines(goals):
        console.print(line, highlight=False, markup=False)
    return 0 if all(goal.is_met for goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
