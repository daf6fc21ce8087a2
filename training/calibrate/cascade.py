"""Calibrate a cascade on out-of-fold scores: temperatures, scope and escalation.

Out-of-fold scores are the outputs of a model for examples that it was not fitted to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import ClauseCalibration, Thresholds
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.clauses import fit_clause_calibration
from training.calibrate.confidence import confidence_for_precision, fit_temperature
from training.calibrate.predictions import Predictions
from training.calibrate.samples import (
    FairSample,
    HeldOutOrigins,
    SampleOrigin,
    find_fair_sample,
    weighted_quantile,
)
from training.calibrate.scope import (
    ScopeWeights,
    fit_scope,
    label_probabilities,
    scope_features,
    split_columns,
    typical_scope,
    unmeasured_scope,
)

Floats = NDArray[np.floating]

TARGET_PRECISION = 0.95
MIN_PREDICTIONS = 30
"""The number of predictions that an intent needs before it gets a threshold of its own."""
MAX_ACCURACY_LOSS = 0.005
"""How much accuracy a cascade may lose against its later stages alone."""
ESCALATION_RATES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)


@dataclass(frozen=True)
class StageScores:
    """The outputs of one stage for n texts: `logits` [n, labels] and `similarity` [n, 1 or 2].

    The similarity is that of `Prototypes.similarity`.
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
    origins: HeldOutOrigins

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
            HeldOutOrigins.concatenate([fold.origins for fold in folds]),
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
    scope: ScopeWeights
    min_margin: float = 0.0
    min_scope: float = 0.0

    @classmethod
    def without_sample(cls, labels: tuple[str, ...]) -> "StageCalibration":
        """Return the calibration of a stage that was not measured.

        Its temperature of 1 makes a regularised head less confident than it is right, the scope is
        always 0.5, and every message escalates, so that the last stage decides.
        """
        return cls(1.0, unmeasured_scope(labels), min_margin=1.0)


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
    """The calibration of every stage, and the calibrated out-of-fold predictions of the cascade.

    `held_out` has the predictions for all held-out examples, and `predictions` those for the fair
    sample, of the origin `sample`: every figure comes from them.
    """

    stages: list[StageCalibration]
    held_out: Predictions
    predictions: Predictions
    sample: SampleOrigin
    clause_calibration: ClauseCalibration | None


def calibrate(scores: OutOfFoldScores) -> CascadeCalibration | None:
    """Calibrate each stage, choose when it escalates, and predict with the whole cascade.

    Return None where the held-out examples contain no fair sample.
    """
    sample = find_fair_sample(scores.origins)
    if sample is None:
        return None
    columns = np.searchsorted(scores.labels, scores.truth)
    weights = sample.calibration_weights
    stages = [_calibrate_stage(stage, columns, sample, scores.labels) for stage in scores.stages]
    outputs = _compute_outputs(scores.stages, stages, scores.labels)
    cascade = outputs[-1]
    for index in reversed(range(len(outputs) - 1)):
        stages[index] = _fit_escalation(stages[index], outputs[index], cascade, columns, weights)
        cascade = outputs[index].escalate(stages[index], cascade)
    held_out = Predictions(
        scores.texts, scores.truth, scores.labels, cascade.probabilities, cascade.scope
    )
    return CascadeCalibration(
        stages,
        held_out,
        held_out.select(sample.rows, sample.weights),
        sample.origin,
        _calibrate_clauses(scores, stages),
    )


def _calibrate_clauses(
    scores: OutOfFoldScores, stages: Sequence[StageCalibration]
) -> ClauseCalibration | None:
    *earlier, cascade = _compute_outputs(scores.clauses.stages, stages, scores.labels)
    for calibration, outputs in reversed(list(zip(stages, earlier, strict=False))):
        cascade = outputs.escalate(calibration, cascade)
    return fit_clause_calibration(cascade.probabilities, scores.labels, scores.clauses.intents)


def confidence_thresholds(
    predictions: Predictions, target_precision: float = TARGET_PRECISION
) -> Thresholds:
    """Return the lowest confidence that reaches the target, overall and per intent.

    The predictions must be those for a fair sample. An intent with fewer than `MIN_PREDICTIONS`
    predictions has no threshold of its own.
    """

    def threshold(rows: NDArray[np.bool_]) -> float | None:
        confidence = confidence_for_precision(
            predictions.confidences[rows],
            predictions.correct[rows],
            target_precision,
            predictions.weights[rows],
        )
        return None if confidence is None else round(confidence, 4)

    predicted = {label: predictions.predicted == label for label in predictions.labels}
    return Thresholds(
        target_precision=target_precision,
        overall=threshold(np.ones(len(predictions.truth), bool)),
        per_intent={
            label: threshold(rows)
            for label, rows in predicted.items()
            if rows.sum() >= MIN_PREDICTIONS
        },
    )


def _calibrate_stage(
    stage: StageScores, columns: NDArray[np.intp], sample: FairSample, labels: tuple[str, ...]
) -> StageCalibration:
    """Calibrate the intents on examples in scope, and the scope apart from them."""
    inside, outside = split_columns(labels)
    in_scope = np.isin(columns, inside)
    weights = sample.calibration_weights
    samples = [sample.weights, weights] if sample.origin == "audited" else [weights]

    def fit(rows: NDArray[np.bool_], choices: NDArray[np.intp]) -> StageCalibration:
        places = np.searchsorted(choices, columns[rows])
        temperature = fit_temperature(stage.logits[rows][:, choices], places, weights[rows])
        features = scope_features(stage.logits / temperature, stage.similarity, labels)
        scope = fit_scope(features, in_scope, samples)
        if sample.origin == "seed":
            typical = typical_scope(scope.score(features), sample.rows & in_scope)
            scope = replace(scope, typical=typical)
        return StageCalibration(temperature, scope)

    calibration = fit(in_scope, inside)
    if len(outside) and not calibration.scope.is_calibrated:
        return fit(np.ones(len(columns), bool), np.arange(len(labels)))
    return calibration


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
    scope = calibration.scope.score(scope_features(logits, stage.similarity, labels))
    return _StageOutputs(label_probabilities(logits, scope, labels, calibration.scope), scope)


def _fit_escalation(
    calibration: StageCalibration,
    own: _StageOutputs,
    later: _StageOutputs,
    columns: NDArray[np.intp],
    weights: Floats,
) -> StageCalibration:
    """Choose the smallest escalation rate that costs at most `MAX_ACCURACY_LOSS`."""
    target = _accuracy(later, columns, weights) - MAX_ACCURACY_LOSS
    for rate in ESCALATION_RATES:
        margin = min(1.0, float(weighted_quantile(own.margins, rate, weights)))
        candidate = replace(calibration, min_margin=margin, min_scope=MIN_SCOPE)
        if _accuracy(own.escalate(candidate, later), columns, weights) >= target:
            break
    return candidate


def _accuracy(outputs: _StageOutputs, columns: NDArray[np.intp], weights: Floats) -> float:
    return float(np.average(outputs.probabilities.argmax(axis=1) == columns, weights=weights))
