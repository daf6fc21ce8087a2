"""A goal of a benchmark, and the line that says whether it is met."""

from collections.abc import Iterable
from typing import NamedTuple


class MeasuredGoal(NamedTuple):
    """A goal, what was measured, and whether that reaches it."""

    goal: str
    measured: str
    is_met: bool


def goal_lines(goals: Iterable[MeasuredGoal]) -> list[str]:
    """Return a line for each goal."""
    return [f"{'✓' if each.is_met else '✗'} {each.goal}: {each.measured}" for each in goals]
