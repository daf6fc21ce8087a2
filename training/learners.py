"""The three ways to learn, from the quickest to the best."""

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.bases import Base
from training.encoder import Encoder
from training.head import Floats, Head, fit_head
from training.modes import Mode
from training.progress import Progress
from training.stages import FittedStage
from training.unlabelled import guesses


class Learner(Protocol):
    """Fits the stages of a model.

    `trials` says how often it is worth doing to calibrate them, `at_once` how many of them side by
    side, and `tunes` whether the encoders that come out have learned from the texts.
    """

    trials: int
    at_once: int
    tunes: bool

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Learn from labelled texts; `labels` [texts]."""


def learner(
    mode: Mode, base: Base, unlabelled: Sequence[str], seed: int, progress: Progress
) -> Learner:
    """Answer the learner of a mode."""
    if mode == "head":
        return HeadLearner(base, unlabelled, progress)
    # Only these two need JAX, which takes a while to import.
    from training.deep_learners import FullLearner, StudentLearner  # noqa: PLC0415

    kind = StudentLearner if mode == "student" else FullLearner
    return kind(base.best, unlabelled, seed, progress)


class HeadLearner:
    """Fits a head to each stage of a model, and leaves the encoders as they are."""

    trials = 3
    at_once = os.cpu_count() or 1
    tunes = False

    def __init__(self, base: Base, unlabelled: Sequence[str], progress: Progress) -> None:
        self._encoders = base.encoders
        self._unlabelled = unlabelled
        self._progress = progress

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit logistic regressions."""
        return [
            FittedStage(name, encoder, self._fit_head(encoder, texts, labels))
            for name, encoder in self._encoders.items()
        ]

    def _fit_head(self, encoder: Encoder, texts: Sequence[str], labels: NDArray[np.str_]) -> Head:
        embeddings = encoder.embed(texts, self._progress.step("Reading the examples"))
        done = self._progress.step("Fitting a head")
        head = fit_head(embeddings, labels)
        if self._unlabelled:
            others = encoder.embed(self._unlabelled, self._progress.step("Reading the others"))
            head = _refitted(head, embeddings, labels, others)
        done(1, 1)
        return head.in_steps()


def _refitted(head: Head, embeddings: Floats, labels: NDArray[np.str_], others: Floats) -> Head:
    """Fit again, to what the labels say of the unlabelled texts as well."""
    shares = guesses(head, embeddings, labels, others)
    return fit_head(
        np.concatenate([embeddings, others]),
        np.concatenate([labels, np.array(head.labels)[shares.argmax(axis=1)]]),
        np.concatenate([np.ones(len(labels)), shares.max(axis=1)]),
    )
