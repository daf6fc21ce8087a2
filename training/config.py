"""What a caller passes to training: the configuration, and a receiver of the progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

TrainingMode = Literal["head", "student", "full"]
"""The training modes, by the names that `prompt-capture train --mode` takes."""


@dataclass(frozen=True)
class ReviewTarget:
    """What the predictions of each intent that need no review must reach: a share from 0 to 1."""

    measure: Literal["precision", "recall"]
    value: float


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Mode `head` fits new heads to the stages of the base. Mode `student` distils the last encoder
    into a small static model. Mode `full` fine-tunes that encoder, and distils a student as the
    first stage. `unlabelled` texts add training data with pseudo-labels or a teacher's
    predictions. The version starts with `name`. With a `review_target`, the model has thresholds
    that decide which of its predictions need a review.
    """

    mode: TrainingMode = "head"
    unlabelled: Sequence[str] = ()
    name: str = "model"
    seed: int = 0
    review_target: ReviewTarget | None = None


ProgressCallback = Callable[[int, int], None]
"""Receives how much of a step is done, and how much there is to do."""


class Progress(Protocol):
    """Receives each step of long-running work."""

    def step(self, name: str) -> ProgressCallback:
        """Begin a step, and return the callback for its progress."""


class NoProgress:
    """Ignores all progress."""

    def step(self, name: str) -> ProgressCallback:
        """Begin a step without a report."""
        return ignore_progress


def ignore_progress(done: int, total: int) -> None:
    """Do nothing."""
