"""The three training modes: new heads, a distilled student, or a fine-tuned encoder."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import StageName
from training.config import Progress, TrainingConfig
from training.fit.encoders import STUDENT, BaseEncoders, Encoder, FittedStage
from training.fit.heads import INVERSE_REGULARISATION, Floats, Head, fit_head, pseudo_label

PSEUDO_LABEL_WEIGHT = 0.3
"""The weight of a certain pseudo-label; that of a person's label is 1."""


class StudentDistiller(Protocol):
    """Trains students of one encoder."""

    def distil(
        self, teacher: FittedStage, texts: Sequence[str], labels: NDArray[np.str_]
    ) -> FittedStage:
        """Train a student on labelled texts, and on the teacher's predictions."""


class Learner(Protocol):
    """Fits the stages of a model.

    `calibration_folds` is the maximum number of folds to hold out for calibration.
    `tunes_encoder` is true where the encoders learn from the texts too.
    """

    calibration_folds: int
    tunes_encoder: bool

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit the stages to texts and their labels [texts]."""


def make_learner(
    config: TrainingConfig,
    base: BaseEncoders,
    texts: Sequence[str],
    unlabelled: Sequence[str],
    progress: Progress,
) -> Learner:
    """Return the learner of a configuration; all its fits are to labels of some of the `texts`."""
    if config.mode == "head":
        distiller = _student_distiller(config, base, texts, unlabelled, progress)
        return HeadLearner(base, unlabelled, progress, distiller)
    # Only these two need JAX, which is slow to import.
    from training.fit.deep_learners import FullLearner, StudentLearner  # noqa: PLC0415

    learner_type = StudentLearner if config.mode == "student" else FullLearner
    return learner_type(base.last_encoder, texts, unlabelled, config.seed, progress)


def _student_distiller(
    config: TrainingConfig,
    base: BaseEncoders,
    texts: Sequence[str],
    unlabelled: Sequence[str],
    progress: Progress,
) -> StudentDistiller | None:
    """Return what trains students of the last encoder.

    Return None where that encoder is a student itself, or JAX is not installed.
    """
    *_, last = base.encoders
    if not config.distils_student or last == STUDENT or find_spec("jax") is None:
        return None
    from training.fit.networks.distil import QUICK, Distiller  # noqa: PLC0415 - needs JAX

    return Distiller(base.last_encoder, texts, unlabelled, config.seed, progress, QUICK)


class HeadLearner:
    """Fits a new head to the last encoder, and distils a new student as the first stage.

    Without JAX, the base's own earlier stages get new heads instead.
    """

    calibration_folds = 3
    tunes_encoder = False

    def __init__(
        self,
        base: BaseEncoders,
        unlabelled: Sequence[str],
        progress: Progress,
        distiller: StudentDistiller | None = None,
    ) -> None:
        self._encoders = base.encoders
        self._unlabelled = unlabelled
        self._progress = progress
        self._distiller = distiller

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit one logistic regression per encoder, and the student."""
        if self._distiller is None:
            return [self._fit_stage(*each, texts, labels) for each in self._encoders.items()]
        name, encoder = list(self._encoders.items())[-1]
        last = self._fit_stage(name, encoder, texts, labels)
        return [self._distiller.distil(last, texts, labels), last]

    def _fit_stage(
        self, name: StageName, encoder: Encoder, texts: Sequence[str], labels: NDArray[np.str_]
    ) -> FittedStage:
        embeddings = encoder.embed(texts, self._progress.step("Embedding the examples"))
        head = fit_head(embeddings, labels, on_progress=self._progress.step("Fitting a head"))
        if self._unlabelled:
            step = self._progress.step("Embedding the unlabelled texts")
            others = encoder.embed(self._unlabelled, step)
            head = _refit_with_pseudo_labels(head, embeddings, labels, others)
        return FittedStage(name, encoder, head.round_to_int8())


def _refit_with_pseudo_labels(
    head: Head, embeddings: Floats, labels: NDArray[np.str_], others: Floats
) -> Head:
    """Fit again to the labelled texts and the pseudo-labelled ones, which weigh less.

    Their weight is the squared confidence times `PSEUDO_LABEL_WEIGHT`. The regularisation grows
    with the sum of the weights, so that it is as strong as it was for the labelled texts alone.
    """
    probabilities = pseudo_label(head, embeddings, labels, others)
    weights = np.ones(len(labels) + len(others))
    weights[len(labels) :] = PSEUDO_LABEL_WEIGHT * probabilities.max(axis=1) ** 2
    return fit_head(
        np.concatenate([embeddings, others]),
        np.concatenate([labels, np.array(head.labels)[probabilities.argmax(axis=1)]]),
        weights,
        INVERSE_REGULARISATION * len(labels) / weights.sum(),
    )
