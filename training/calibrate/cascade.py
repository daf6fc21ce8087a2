"""Calibrate a cascade on out-of-fold scores: temperatures, scope and escalation.

Out-of-fold scores are the outputs of a model for examples that it was not fitted to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from prompt_capture.adapters.onnx.model_artifact import ClauseCalibration
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.clauses import fit_clause_calibration
from training.calibrate.confidence import fit_temperature
from training.calibrate.predictions import Predictions
from training.calibrate.scope import fit_scope, scope_features, shade, split_columns

Floats = NDArray[np.floating]

MAX_ACCURACY_LOSS = 0.005
"""How much accuracy a cascade may lose against its later stages alone."""
ESCALATION_RATES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)


@dataclass(frozen=True)
class StageScores:
    """The outputs of one stage for n texts: `logits` [n, labels] and `similarity` [n].

    The similarity is the cosine of a text's embedding and the nearest intent centroid.
    """

    logits: Floats
    similarity: Floats

    @classmethod
    def concatenate(cls, folds: Sequence["StageScores"]) -> "StageScores":
        """Concatenate the scores of several folds."""
        return cls(
            np.concatenate([fold.logits for fold in folds]),
            np.concatenate([fold.similarity for fold in folds]),
        )


@dataclass(frozen=True)
class ClauseScores:
    """The outputs of each stage for clauses; `intents` holds all intents of a clause's message."""

    intents: Sequence[frozenset[str]]
    stages: Sequence[StageScores]


@dataclass(frozen=True)
class OutOfFoldScores:
    """Held-out examples, and the outputs of each stage for them and for their clauses.

    `truth` [n] holds the labels of the examples. `labels` are the columns of the logits, in order.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    stages: Sequence[StageScores]
    clauses: ClauseScores

    @classmethod
    def concatenate(cls, folds: Sequence["OutOfFoldScores"]) -> "OutOfFoldScores":
        """Concatenate several folds, which must have the same labels and stages."""
        return cls(
            [text for fold in folds for text in fold.texts],
            np.concatenate([fold.truth for fold in folds]),
            folds[0].labels,
            _concatenate_stages([fold.stages for fold in folds]),
            ClauseScores(
                [intents for fold in folds for intents in fold.clauses.intents],
                _concatenate_stages([fold.clauses.stages for fold in folds]),
            ),
        )


def _concatenate_stages(folds: Sequence[Sequence[StageScores]]) -> list[StageScores]:
    return [StageScores.concatenate(stage) for stage in zip(*folds, strict=True)]


@dataclass(frozen=True)
class StageCalibration:
    """The calibration of one stage.

    The stage escalates a message to the next stage where its margin is below `min_margin` or its
    scope is below `min_scope`.
    """

    temperature: float
    scope_weights: Floats
    scope_bias: float
    min_margin: float = 0.0
    min_scope: float = 0.0

    @classmethod
    def identity(cls, features: int) -> "StageCalibration":
        """Return a calibration without effect: temperature 1, and weight 0 per scope feature."""
        return cls(1.0, np.zeros(features), 0.0)


@dataclass(frozen=True)
class _StageOutputs:
    """Calibrated `probabilities` [n, labels] and `scope` [n] of one or several stages."""

    probabilities: Floats
    scope: Floats

    @property
    def margins(self) -> Floats:
        """The best probability minus the second best: [n]."""
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        margins: Floats = two[:, 1] - two[:, 0]
        return margins

    def escalate(self, calibration: StageCalibration, later: "_StageOutputs") -> "_StageOutputs":
        """Return these outputs, with those of the later stages in the escalated rows."""
        escalated = (self.scope < calibration.min_scope) | (self.margins < calibration.min_margin)
        return _StageOutputs(
            np.where(escalated[:, None], later.probabilities, self.probabilities),
            np.where(escalated, later.scope, self.scope),
        )


@dataclass(frozen=True)
class CascadeCalibration:
    """The calibration of every stage, and the calibrated out-of-fold predictions of the cascade."""

    stages: list[StageCalibration]
    predictions: Predictions
    clause_calibration: ClauseCalibration | None


def calibrate(scores: OutOfFoldScores) -> CascadeCalibration:
    """Calibrate each stage, choose when it escalates, and predict with the whole cascade."""
    columns = np.searchsorted(scores.labels, scores.truth)
    stages = [_calibrate_stage(stage, columns, scores.labels) for stage in scores.stages]
    outputs = _compute_outputs(scores.stages, stages, scores.labels)
    cascade = outputs[-1]
    for index in reversed(range(len(outputs) - 1)):
        stages[index] = _fit_escalation(stages[index], outputs[index], cascade, columns)
        cascade = outputs[index].escalate(stages[index], cascade)
    return CascadeCalibration(
        stages,
        Predictions(
            scores.texts, scores.truth, scores.labels, cascade.probabilities, cascade.scope
        ),
        _calibrate_clauses(scores, stages),
    )


def _calibrate_clauses(
    scores: OutOfFoldScores, stages: Sequence[StageCalibration]
) -> ClauseCalibration | None:
    *earlier, cascade = _compute_outputs(scores.clauses.stages, stages, scores.labels)
    for calibration, outputs in reversed(list(zip(stages, earlier, strict=False))):
        cascade = outputs.escalate(calibration, cascade)
    return fit_clause_calibration(cascade.probabilities, scores.labels, scores.clauses.intents)


def _calibrate_stage(
    stage: StageScores, columns: NDArray[np.intp], labels: tuple[str, ...]
) -> StageCalibration:
    temperature = fit_temperature(stage.logits, columns)
    in_scope, out_of_scope = split_columns(labels)
    features = scope_features(stage.logits / temperature, stage.similarity, in_scope, out_of_scope)
    weights, bias = fit_scope(features, np.isin(columns, in_scope))
    return StageCalibration(temperature, weights, bias)


def _compute_outputs(
    scores: Sequence[StageScores],
    calibrations: Sequence[StageCalibration],
    labels: tuple[str, ...],
) -> list[_StageOutputs]:
    return [
        _apply_calibration(stage, calibration, labels)
        for stage, calibration in zip(scores, calibrations, strict=True)
    ]


def _apply_calibration(
    stage: StageScores, calibration: StageCalibration, labels: tuple[str, ...]
) -> _StageOutputs:
    logits = stage.logits / calibration.temperature
    in_scope, out_of_scope = split_columns(labels)
    features = scope_features(logits, stage.similarity, in_scope, out_of_scope)
    scope = expit(features @ calibration.scope_weights + calibration.scope_bias)
    return _StageOutputs(shade(softmax(logits, axis=1), scope, out_of_scope), scope)


def _fit_escalation(
    calibration: StageCalibration,
    own: _StageOutputs,
    later: _StageOutputs,
    columns: NDArray[np.intp],
) -> StageCalibration:
    """Choose the smallest escalation rate that costs at most `MAX_ACCURACY_LOSS`."""
    target = _accuracy(later, columns) - MAX_ACCURACY_LOSS
    for rate in ESCALATION_RATES:
        margin = min(1.0, float(np.quantile(own.margins, rate)))
        candidate = replace(calibration, min_margin=margin, min_scope=MIN_SCOPE)
        if _accuracy(own.escalate(candidate, later), columns) >= target:
            break
    return candidate


def _accuracy(outputs: _StageOutputs, columns: NDArray[np.intp]) -> float:
    return float((outputs.probabilities.argmax(axis=1) == columns).mean())
