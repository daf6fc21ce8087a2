"""Calibrate a cascade on out-of-fold scores: temperatures, scope and escalation.

Out-of-fold scores are the outputs of a model for examples that it was not fitted to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.classifier import intent_mask
from prompt_capture.adapters.onnx.model_artifact import Blend, ClauseCalibration
from training.calibrate.clauses import fit_clause_calibration
from training.calibrate.confidence import fit_temperature
from training.calibrate.escalation import StageOutputs, fit_blend, fit_min_margin, fit_min_scope
from training.calibrate.predictions import Predictions
from training.calibrate.samples import (
    FairSample,
    HeldOutOrigins,
    SampleOrigin,
    find_fair_sample,
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

    def of_last_stage(self) -> "OutOfFoldScores":
        """Return the outputs of the last stage alone."""
        clauses = ClauseScores(self.clauses.intents, self.clauses.stages[-1:])
        return replace(self, stages=self.stages[-1:], clauses=clauses)

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
    scope is below `min_scope`. With a `blend`, it answers together with the stage before it.
    """

    temperature: float
    scope: ScopeWeights
    min_margin: float = 0.0
    min_scope: float = 0.0
    blend: Blend | None = None

    @classmethod
    def without_sample(cls, labels: tuple[str, ...]) -> "StageCalibration":
        """Return the calibration of a stage that was not measured.

        Its temperature of 1 makes a regularised head less confident than it is right, the scope is
        always 0.5, and every message escalates, so that the last stage decides.
        """
        return cls(1.0, unmeasured_scope(labels), min_margin=1.0)


@dataclass(frozen=True)
class CascadeCalibration:
    """The calibration of every stage, and the calibrated out-of-fold predictions of the cascade.

    `held_out` has the predictions for all held-out examples, and `predictions` those for the fair
    sample, of the origin `sample`: every figure comes from them. `answered_early` is the share of
    that sample which the first stage does not leave to the next one.
    """

    stages: list[StageCalibration]
    held_out: Predictions
    predictions: Predictions
    sample: SampleOrigin
    clause_calibration: ClauseCalibration | None
    answered_early: float


def calibrate(scores: OutOfFoldScores) -> CascadeCalibration | None:
    """Calibrate each stage, choose when it escalates, and predict with the whole cascade.

    Return None where the held-out examples contain no fair sample.
    """
    sample = find_fair_sample(scores.origins)
    if sample is None:
        return None
    columns = np.searchsorted(scores.labels, scores.truth)
    weights = sample.calibration_weights
    is_intent = intent_mask(scores.labels)
    stages = [_calibrate_stage(stage, columns, sample, scores.labels) for stage in scores.stages]
    outputs = _compute_outputs(scores.stages, stages, scores.labels)
    for index in range(1, len(outputs)):
        blend = fit_blend(outputs[index], outputs[index - 1], columns, weights, is_intent)
        stages[index] = replace(stages[index], blend=blend)
        outputs[index] = outputs[index].blended_with(outputs[index - 1], blend, is_intent)
    cascade = outputs[-1]
    for index in reversed(range(len(outputs) - 1)):
        scope = fit_min_scope(outputs[index], is_intent[columns], weights)
        margin = fit_min_margin(outputs[index], scope, cascade, weights)
        stages[index] = replace(stages[index], min_margin=margin, min_scope=scope)
        cascade = outputs[index].escalate(margin, scope, cascade)
    escalated = outputs[0].escalates(stages[0].min_margin, stages[0].min_scope)
    held_out = Predictions(
        scores.texts, scores.truth, scores.labels, cascade.probabilities, cascade.scope
    )
    return CascadeCalibration(
        stages,
        held_out,
        held_out.select(sample.rows, sample.weights),
        sample.origin,
        _calibrate_clauses(scores, stages),
        float(np.average(~escalated, weights=sample.weights)),
    )


def _calibrate_clauses(
    scores: OutOfFoldScores, stages: Sequence[StageCalibration]
) -> ClauseCalibration | None:
    cascade = _predict_cascade(
        _compute_outputs(scores.clauses.stages, stages, scores.labels),
        stages,
        intent_mask(scores.labels),
    )
    return fit_clause_calibration(cascade.probabilities, scores.labels, scores.clauses.intents)


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
) -> list[StageOutputs]:
    return [
        _apply_calibration(stage, calibration, labels)
        for stage, calibration in zip(scores, calibrations, strict=True)
    ]


def _apply_calibration(
    stage: StageScores, calibration: StageCalibration, labels: tuple[str, ...]
) -> StageOutputs:
    logits = stage.logits / calibration.temperature
    scope = calibration.scope.score(scope_features(logits, stage.similarity, labels))
    probabilities = label_probabilities(logits, scope, labels, calibration.scope)
    return StageOutputs(probabilities, scope, calibration.scope.most_confident(scope))


def _predict_cascade(
    outputs: Sequence[StageOutputs],
    stages: Sequence[StageCalibration],
    is_intent: NDArray[np.bool_],
) -> StageOutputs:
    """Return what the cascade answers, from the `outputs` of each stage alone."""
    answers = [outputs[0]]
    for own, stage in zip(outputs[1:], stages[1:], strict=True):
        blend = stage.blend
        answers.append(own.blended_with(answers[-1], blend, is_intent) if blend else own)
    cascade = answers[-1]
    for answer, stage in zip(answers[-2::-1], stages[-2::-1], strict=True):
        cascade = answer.escalate(stage.min_margin, stage.min_scope, cascade)
    return cascade
