"""The goals that this project set itself for its models, by the lines of the table."""

from collections.abc import Mapping
from dataclasses import dataclass

STUDENT = "student"
"""The row that answers without an encoder."""

HEAD = "head"

ENCODER = "encoder"
"""The row that is MiniLM in int8 for every message: what others must not be slower than."""

OWN = (HEAD, STUDENT, "full")
"""The rows that goals are for; the others are there to compare with."""


@dataclass(frozen=True)
class Goal:
    """A figure to reach: at least the target, or at most, in the unit of the table."""

    target: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        return value >= self.target if self.at_least else value <= self.target

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.target:g}"


Goals = Mapping[str, Goal]
"""By the name of the row."""

_ACCURACY = {
    "10": {"clinc150": 94.2, "banking77": 87.2, "hwu64": 87.1},
    "20": {"clinc150": 95.0, "banking77": 90.0, "hwu64": 88.5},
    "full": {"clinc150": 96.5, "banking77": 93.7, "hwu64": 92.5},
}
_STUDENT_ACCURACY = {"clinc150": 96.0, "banking77": 93.5, "hwu64": 91.8}


def for_all(goal: Goal) -> Goals:
    """Hold each of this project's rows to the same goal."""
    return dict.fromkeys(OWN, goal)


def accuracy(dataset: str, size: str) -> Goals:
    """Answer the goals in percent; none for data or settings without one."""
    target = _ACCURACY.get(size, {}).get(dataset)
    goals = {} if target is None else dict(for_all(Goal(target, at_least=True)))
    if size == "full" and dataset in _STUDENT_ACCURACY:
        goals[STUDENT] = Goal(_STUDENT_ACCURACY[dataset], at_least=True)
    return goals


CALIBRATION = for_all(Goal(0.02))
OOS_FOUND = for_all(Goal(90, at_least=True))
OOS_CONFIDENT = for_all(Goal(3))
MEAN = for_all(Goal(0.6))
TIMES_PEER = for_all(Goal(3))
TIMES_TOKENIZER = for_all(Goal(6))
TIMES_ENCODER_P99 = for_all(Goal(1))
MEGABYTES = {**for_all(Goal(28)), STUDENT: Goal(4)}
MEMORY = for_all(Goal(200))
SECONDS = {HEAD: Goal(60), STUDENT: Goal(300)}
