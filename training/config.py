"""What a caller passes to training: the configuration, and a receiver of the progress."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Literal, Protocol

from prompt_capture.domain.models import DatasetReference, TrainingMode

SECONDS_BETWEEN_LINES = 30
"""How often a long step writes a line where there is no terminal."""


@dataclass(frozen=True)
class ReviewTarget:
    """What the predictions of each intent that need no review must reach: a share from 0 to 1."""

    measure: Literal["precision", "recall"]
    value: float


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Mode `head` fits a new head to the last encoder of the base, and distils a student as the first
    stage where `distils_student` is true and JAX is installed; otherwise the earlier stages of the
    base get new heads too. Mode `student` distils that encoder into a small static model alone.
    Mode `full` fine-tunes the encoder, and distils a student as the first stage.

    `unlabelled` texts add training data with pseudo-labels or a teacher's predictions. The version
    starts with `name`. With a `review_target`, the model has thresholds that decide which of its
    predictions need a review. `datasets` are what the examples and the unlabelled texts come from.
    With `omits_misfits`, the model lacks earlier stages that no longer fit.
    """

    mode: TrainingMode = "head"
    unlabelled: Sequence[str] = ()
    name: str = "model"
    seed: int = 0
    review_target: ReviewTarget | None = None
    distils_student: bool = True
    datasets: Sequence[DatasetReference] = ()
    omits_misfits: bool = False


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


class ProgressLines:
    """Writes a line when a step begins, and now and then how far it is.

    `write` receives each line, without a line break. Steps of one name may run at once: their lines
    have numbers, except those of the first.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._begun = defaultdict[str, "count[int]"](partial(count, 1))

    def step(self, name: str) -> ProgressCallback:
        """Begin a step. One that is repeated has no further first line."""
        number = next(self._begun[name])
        if number == 1:
            self._write(f"{name} ...")
        title = name if number == 1 else f"{name} ({number})"
        written_at = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal written_at
            if time.monotonic() - written_at >= SECONDS_BETWEEN_LINES:
                written_at = time.monotonic()
                self._write(f"{title}: {done:,} of {total:,}")

        return report


def ignore_progress(done: int, total: int) -> None:
    """Do nothing."""
