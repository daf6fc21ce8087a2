"""The goals for this project's models, by the rows of the table."""

from collections.abc import Mapping
from dataclasses import dataclass

STUDENT = "student"
"""The model that answers without an encoder."""

HEAD = "head"

FULL = "full"

ENCODER = "encoder"
"""MiniLM in int8 for every message: the baseline of the p99 latency."""

PROJECT_MODELS = (HEAD, STUDENT, FULL)
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

_FEW_LABELS = {
    "10": {"clinc150": 94.2, "banking77": 87.2, "hwu64": 87.1},
    "20": {"clinc150": 95.0, "banking77": 89.5, "hwu64": 88.5},
}
_ALL_LABELS = {
    "clinc150": {HEAD: 96.5, STUDENT: 96.0, FULL: 96.5},
    "banking77": {HEAD: 93.7, STUDENT: 93.3, FULL: 94.3},
    "hwu64": {HEAD: 91.4, STUDENT: 91.8, FULL: 92.5},
}


def for_project_models(goal: Goal) -> Goals:
    """Return the same goal for each of this project's models."""
    return dict.fromkeys(PROJECT_MODELS, goal)


def accuracy_goals(dataset: str, size: str) -> Goals:
    """Return the accuracy goals in percent; empty for a dataset or size without goals."""
    if size == "full":
        targets = _ALL_LABELS.get(dataset, {})
    else:
        target = _FEW_LABELS.get(size, {}).get(dataset)
        targets = {} if target is None else dict.fromkeys(PROJECT_MODELS, target)
    return {model: Goal(target, is_minimum=True) for model, target in targets.items()}


CALIBRATION = for_project_models(Goal(0.02))
OOS_RECALL = for_project_models(Goal(90, is_minimum=True))
NEAR_OOS_RECALL = for_project_models(Goal(75, is_minimum=True))
OOS_FALSE_ACCEPT_RATE = for_project_models(Goal(3))
MEAN_LATENCY = for_project_models(Goal(0.6))
P50_TO_BASELINE = for_project_models(Goal(3))
P50_TO_TOKENIZER = for_project_models(Goal(6))
P99_TO_ENCODER = for_project_models(Goal(1))
SIZE_MB = {**for_project_models(Goal(28)), STUDENT: Goal(4)}
PEAK_MEMORY_MB = for_project_models(Goal(200))
TRAINING_SECONDS = {HEAD: Goal(120), STUDENT: Goal(300)}
