"""The tables of the benchmark, and its goals."""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.alerts.run import Delay, FalseAlarms, NewTopic
from benchmarks.goals import MeasuredGoal
from prompt_capture.domain.monitoring.budgets import FALSE_ALARMS_PER_YEAR

MAX_FALSE_ALARMS_PER_YEAR = 4.0
"""One a quarter, over all rules."""

MAX_RATIO = 1.3
"""Of the median delay, to that of the oracle."""

MIN_FOUND = 0.8
MAX_BASE = 0.1
GOAL_VOLUME = 1_000
"""So many new topics are found, where at most so many messages were out of scope before."""

_LONG = 1_000
"""A median of so many days stands for topics that are not found."""


def check_goals(
    alarms: Sequence[FalseAlarms], delays: Sequence[Delay], topics: Sequence[NewTopic]
) -> list[MeasuredGoal]:
    """Return each goal, with the worst of its figures."""
    most = max(one.total for one in alarms)
    slowest = max(one.ratio for one in delays)
    promised = [one for one in topics if one.volume == GOAL_VOLUME and one.base <= MAX_BASE]
    fewest = min(one.found for one in promised)
    return [
        MeasuredGoal(
            f"at most {MAX_FALSE_ALARMS_PER_YEAR:.0f} false alarms a year over all rules",
            f"{most:.2f}",
            most <= MAX_FALSE_ALARMS_PER_YEAR,
        ),
        MeasuredGoal(
            f"a drop is noticed within {MAX_RATIO} times the delay of the oracle",
            f"{slowest:.2f}",
            slowest <= MAX_RATIO,
        ),
        MeasuredGoal(
            f"a new topic in {GOAL_VOLUME:,} messages a day is found within two days in "
            f"{MIN_FOUND:.0%}, where at most {MAX_BASE:.0%} were out of scope",
            f"{fewest:.0%}",
            fewest >= MIN_FOUND,
        ),
    ]


def table_of_false_alarms(alarms: Sequence[FalseAlarms]) -> Table:
    """Return the false alarms of each rule, beside its budget, and those of usual rules."""
    table = _table("False alarms a year", *(f"{one.volume:,} a day" for one in alarms), "budget")
    for rule in alarms[0].by_rule:
        counts = [f"{one.by_rule[rule]:.2f}" for one in alarms]
        table.add_row(rule, *counts, f"{FALSE_ALARMS_PER_YEAR[rule]:.2f}")
    totals = [f"{one.total:.2f}" for one in alarms]
    table.add_row("all rules", *totals, f"{MAX_FALSE_ALARMS_PER_YEAR:.2f}", style="bold")
    table.add_section()
    days = [f"{one.stability_days:.0%}" for one in alarms]
    table.add_row("usual: days with PSI above 0.2", *days, "")
    months = [f"{one.tested_months:.0%}" for one in alarms]
    table.add_row("usual: months with a daily 5% test", *months, "")
    return table


def table_of_delays(delays: Sequence[Delay]) -> Table:
    """Return how soon a drop of accuracy is noticed, beside the oracle."""
    table = _table(
        "Drop of accuracy by 5 points",
        "from",
        "false alarms a year",
        "days",
        "oracle CUSUM",
        "ratio",
    )
    for one in delays:
        table.add_row(
            f"{one.volume:,} a day",
            f"{one.accuracy:.0%}",
            f"{one.false_alarms:.2f}",
            f"{one.median:.1f}",
            f"{one.oracle_median:.1f}",
            f"{one.ratio:.2f}",
        )
    return table


def table_of_topics(topics: Sequence[NewTopic]) -> Table:
    """Return how often a new topic is found."""
    table = _table("New topic of 5%", "out of scope before", "found within 2 days", "median days")
    for one in topics:
        median = f"{one.median:.0f}" if one.median < _LONG else "not found"
        table.add_row(f"{one.volume:,} a day", f"{one.base:.0%}", f"{one.found:.0%}", median)
    return table


def _table(*headings: str) -> Table:
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table
