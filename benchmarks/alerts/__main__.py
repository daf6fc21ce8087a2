"""`make bench NAME=alerts`: what the rules of the alerts promise, in simulated years."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from benchmarks.alerts import run
from prompt_capture.domain.monitoring.budgets import FALSE_ALARMS_PER_YEAR

MAX_FALSE_ALARMS_PER_YEAR = 4.0
MAX_RATIO = 1.3
MIN_FOUND = 0.8
MAX_BASE = 0.1
GOAL_VOLUME = 1_000
_LONG = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench NAME=alerts", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="years per figure")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    console = Console()
    reached = [
        _false_alarms(console, arguments.runs, arguments.seed),
        _delays(console, arguments.runs, arguments.seed),
        _topics(console, arguments.runs, arguments.seed),
    ]
    return 0 if all(reached) else 1


def _false_alarms(console: Console, runs: int, seed: int) -> bool:
    results = [run.count_false_alarms(volume, runs, seed) for volume in run.VOLUMES]
    table = _table("False alarms a year", *(f"{one.volume:,} a day" for one in results), "budget")
    for rule in results[0].by_rule:
        counts = [f"{one.by_rule[rule]:.2f}" for one in results]
        table.add_row(rule, *counts, f"{FALSE_ALARMS_PER_YEAR[rule]:.2f}")
    table.add_row("all rules", *(f"{one.total:.2f}" for one in results), "4.00", style="bold")
    table.add_section()
    days = [f"{one.stability_days:.0%}" for one in results]
    table.add_row("usual: days with PSI above 0.2", *days, "")
    months = [f"{one.tested_months:.0%}" for one in results]
    table.add_row("usual: months with a daily 5% test", *months, "")
    console.print(table)
    return all(one.total <= MAX_FALSE_ALARMS_PER_YEAR for one in results)


def _delays(console: Console, runs: int, seed: int) -> bool:
    table = _table(
        "Drop of accuracy by 5 points",
        "from",
        "false alarms a year",
        "days",
        "oracle CUSUM",
        "ratio",
    )
    reached = True
    for volume in run.VOLUMES:
        for accuracy in run.ACCURACIES:
            one = run.measure_delay(volume, accuracy, runs, seed)
            table.add_row(
                f"{volume:,} a day",
                f"{accuracy:.0%}",
                f"{one.false_alarms:.2f}",
                f"{one.median:.1f}",
                f"{one.oracle_median:.1f}",
                f"{one.ratio:.2f}",
            )
            reached &= one.ratio <= MAX_RATIO
    console.print(table)
    return reached


def _topics(console: Console, runs: int, seed: int) -> bool:
    table = _table("New topic of 5%", "out of scope before", "found within 2 days", "median days")
    reached = True
    for volume in run.VOLUMES:
        for base in run.TOPIC_BASES:
            one = run.find_topic(volume, base, runs, seed)
            median = f"{one.median:.0f}" if one.median < _LONG else "not found"
            table.add_row(f"{volume:,} a day", f"{base:.0%}", f"{one.found:.0%}", median)
            if volume == GOAL_VOLUME and base <= MAX_BASE:
                reached &= one.found >= MIN_FOUND
    console.print(table)
    return reached


def _table(*headings: str) -> Table:
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


if __name__ == "__main__":
    sys.exit(main())
