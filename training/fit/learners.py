"""The three training modes: new heads, a distilled student, or a fine-tuned encoder."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.config import Progress, TrainingMode
from training.fit.encoders import BaseEncoders, Encoder, FittedStage
from training.fit.heads import Floats, Head, fit_head, pseudo_label


class Learner(Protocol):
    """Fits the stages of a model.

    `max_folds` is how many folds it may hold out in turn for calibration. `tunes_encoder` is true
    where the encoders learn from the texts too.
    """

    max_folds: int
    tunes_encoder: bool

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit the stages to texts and their labels [texts]."""


def make_learner(
    mode: TrainingMode,
    base: BaseEncoders,
    unlabelled: Sequence[str],
    seed: int,
    progress: Progress,
) -> Learner:
    """Return the learner of a mode."""
    if mode == "head":
        return HeadLearner(base, unlabelled, progress)
    # Only these two need JAX, which is slow to import.
    from training.fit.deep_learners import FullLearner, StudentLearner  # noqa: PLC0415

    learner_type = StudentLearner if mode == "student" else FullLearner
    return learner_type(base.last_encoder, unlabelled, seed, progress)


class HeadLearner:
    """Fits a new head to each stage, and leaves the encoders unchanged."""

    max_folds = 3
    tunes_encoder = False

    def __init__(self, base: BaseEncoders, unlabelled: Sequence[str], progress: Progress) -> None:
        self._encoders = base.encoders
        self._unlabelled = unlabelled
        self._progress = progress

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit one logistic regression per stage."""
        return [
            FittedStage(name, encoder, self._fit_head(encoder, texts, labels))
            for name, encoder in self._encoders.items()
        ]

    def _fit_head(self, encoder: Encoder, texts: Sequence[str], labels: NDArray[np.str_]) -> Head:
        embeddings = encoder.embed(texts, self._progress.step("Embedding the examples"))
        on_progress = self._progress.step("Fitting a head")
        head = fit_head(embeddings, labels, on_progress=on_progress)
        if self._unlabelled:
            step = self._progress.step("Embedding the unlabelled texts")
            others = encoder.embed(self._unlabelled, step)
            head = _refit_with_pseudo_labels(head, embeddings, labels, others)
        return head.round_to_int8()


def _refit_with_pseudo_labels(
    head: Head, embeddings: Floats, labels: NDArray[np.str_], others: Floats
) -> Head:
    """Fit again to the labelled texts and the pseudo-labelled ones, weighted by confidence."""
    probabilities = pseudo_label(head, embeddings, labels, others)
    return fit_head(
        np.concatenate([embeddings, others]),
        np.concatenate([labels, np.array(head.labels)[probabilities.argmax(axis=1)]]),
        np.concatenate([np.ones(len(labels)), probabilities.max(axis=1)]),
    )
