"""The goals for this project's models, by the rows of the table."""

from collections.abc import Mapping
from dataclasses import dataclass

STUDENT = "student"
"""The model that answers without an encoder."""

HEAD = "head"

ENCODER = "encoder"
"""MiniLM in int8 for every message: the baseline of the p99 latency."""

PROJECT_MODELS = (HEAD, STUDENT, "full")
"""The models that have goals; the others are baselines."""


@dataclass(frozen=True)
class Goal:
    """A target in the unit of the table: an upper limit, or a lower one with `is_minimum`."""

    target: float
    is_minimum: bool = False

    def is_met_by(self, value: float) -> bool:
        """Return whether a value meets the goal."""
        return value >= self.target if self.is_minimum else value <= self.target

    def __str__(self) -> str:
        return f"{'≥' if self.is_minimum else '≤'} {self.target:g}"


Goals = Mapping[str, Goal]
"""Goals by model name."""

_ACCURACY = {
    "10": {"clinc150": 94.2, "banking77": 87.2, "hwu64": 87.1},
    "20": {"clinc150": 95.0, "banking77": 90.0, "hwu64": 88.5},
    "full": {"clinc150": 96.5, "banking77": 93.7, "hwu64": 92.5},
}
_STUDENT_ACCURACY = {"clinc150": 96.0, "banking77": 93.5, "hwu64": 91.8}


def for_project_models(goal: Goal) -> Goals:
    """Return the same goal for each of this project's models."""
    return dict.fromkeys(PROJECT_MODELS, goal)


def accuracy_goals(dataset: str, size: str) -> Goals:
    """Return the accuracy goals in percent; empty for a dataset or size without goals."""
    target = _ACCURACY.get(size, {}).get(dataset)
    goals = {} if target is None else dict(for_project_models(Goal(target, is_minimum=True)))
    if size == "full" and dataset in _STUDENT_ACCURACY:
        goals[STUDENT] = Goal(_STUDENT_ACCURACY[dataset], is_minimum=True)
    return goals


CALIBRATION = for_project_models(Goal(0.02))
OOS_RECALL = for_project_models(Goal(90, is_minimum=True))
OOS_FALSE_ACCEPT_RATE = for_project_models(Goal(3))
MEAN_LATENCY = for_project_models(Goal(0.6))
P50_TO_BASELINE = for_project_models(Goal(3))
P50_TO_TOKENIZER = for_project_models(Goal(6))
P99_TO_ENCODER = for_project_models(Goal(1))
SIZE_MB = {**for_project_models(Goal(28)), STUDENT: Goal(4)}
PEAK_MEMORY_MB = for_project_models(Goal(200))
TRAINING_SECONDS = {HEAD: Goal(60), STUDENT: Goal(300)}
