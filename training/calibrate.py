"""What is measured on examples that were held back: temperatures, scope, when to escalate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from prompt_capture.adapters.model_artifact import ClauseCalibration, Thresholds
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibration import confidence_for_precision, fit_temperature
from training.clause_calibration import calibrate_clauses
from training.evaluate import figures
from training.held_back import HeldBack, StageScores
from training.predictions import Predictions
from training.scope import features, fit_scope, shaded, split_labels

Floats = NDArray[np.floating]

TARGET_PRECISION = 0.95
MIN_ANSWERS = 30
"""Answers that an intent needs before it gets a threshold of its own."""
ACCURACY_GIVEN_UP = 0.005
"""What a cascade may lose against its later stages alone."""
ESCALATED_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)


@dataclass(frozen=True)
class StageCalibration:
    """What a stage's graph needs beside its head, and when it leaves a message to the next."""

    temperature: float
    scope_weights: Floats
    scope_bias: float
    min_margin: float = 0.0
    min_scope: float = 0.0

    @classmethod
    def unknown(cls, features: int) -> "StageCalibration":
        """Where nothing could be held back: logits as they are, and everything in scope."""
        return cls(1.0, np.zeros(features), 0.0)


@dataclass(frozen=True)
class _Answers:
    probabilities: Floats
    scope: Floats

    @property
    def margins(self) -> Floats:
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        margins: Floats = two[:, 1] - two[:, 0]
        return margins

    def unless_left(self, one: StageCalibration, later: "_Answers") -> "_Answers":
        """Answer the later stage's rows where this one leaves them."""
        left = (self.scope < one.min_scope) | (self.margins < one.min_margin)
        return _Answers(
            np.where(left[:, None], later.probabilities, self.probabilities),
            np.where(left, later.scope, self.scope),
        )


@dataclass(frozen=True)
class Calibrated:
    """The stages, what all of them together said of the held-back texts, and of clauses."""

    stages: list[StageCalibration]
    predictions: Predictions
    clauses: ClauseCalibration | None


def calibrate(held: HeldBack) -> Calibrated:
    """Calibrate each stage, decide when it leaves a message to the next, and measure the whole."""
    columns = np.searchsorted(held.labels, held.truth)
    stages = [_calibrate_stage(stage, columns, held.labels) for stage in held.stages]
    answers = _answered(held.stages, stages, held.labels)
    together = answers[-1]
    for place in reversed(range(len(answers) - 1)):
        stages[place] = _escalate(stages[place], answers[place], together, columns)
        together = answers[place].unless_left(stages[place], together)
    return Calibrated(
        stages,
        Predictions(held.texts, held.truth, held.labels, together.probabilities, together.scope),
        _calibrated_clauses(held, stages),
    )


def _calibrated_clauses(
    held: HeldBack, stages: Sequence[StageCalibration]
) -> ClauseCalibration | None:
    *earlier, together = _answered(held.clauses.stages, stages, held.labels)
    for one, answers in reversed(list(zip(stages, earlier, strict=False))):
        together = answers.unless_left(one, together)
    return calibrate_clauses(together.probabilities, held.labels, held.clauses.intents)


def thresholds(predictions: Predictions) -> Thresholds:
    """Answer the confidences above which enough answers are right, per intent where many are."""

    def threshold(rows: NDArray[np.bool_]) -> float | None:
        found = confidence_for_precision(
            predictions.confidences[rows], predictions.correct[rows], TARGET_PRECISION
        )
        return None if found is None else round(found, 4)

    answered = {label: predictions.predicted == label for label in predictions.labels}
    return Thresholds(
        precision=TARGET_PRECISION,
        overall=threshold(np.ones(len(predictions.truth), bool)),
        per_intent={
            label: threshold(rows) for label, rows in answered.items() if rows.sum() >= MIN_ANSWERS
        },
    )


def metrics(predictions: Predictions) -> dict[str, float]:
    """Answer what a manifest says of a model."""
    found = figures(predictions)
    measured = {"accuracy": found.accuracy, "macro_f1": found.macro_f1, "ece": found.ece}
    if found.oos:
        measured["out_of_scope_found"] = found.oos.found_at_95_kept
        measured["out_of_scope_confident"] = found.oos.confident
    return {name: round(value, 4) for name, value in measured.items()}


def _calibrate_stage(
    stage: StageScores, columns: NDArray[np.intp], labels: tuple[str, ...]
) -> StageCalibration:
    temperature = fit_temperature(stage.logits, columns)
    inside, outside = split_labels(labels)
    found = features(stage.logits / temperature, stage.likeness, inside, outside)
    weights, bias = fit_scope(found, np.isin(columns, inside))
    return StageCalibration(temperature, weights, bias)


def _answered(
    scores: Sequence[StageScores], stages: Sequence[StageCalibration], labels: tuple[str, ...]
) -> list[_Answers]:
    return [_answers(stage, one, labels) for stage, one in zip(scores, stages, strict=True)]


def _answers(stage: StageScores, one: StageCalibration, labels: tuple[str, ...]) -> _Answers:
    logits = stage.logits / one.temperature
    inside, outside = split_labels(labels)
    found = features(logits, stage.likeness, inside, outside)
    scope = expit(found @ one.scope_weights + one.scope_bias)
    return _Answers(shaded(softmax(logits, axis=1), scope, outside), scope)


def _escalate(
    one: StageCalibration, own: _Answers, later: _Answers, columns: NDArray[np.intp]
) -> StageCalibration:
    """Leave to the later stages as few messages as cost next to no accuracy."""
    goal = _accuracy(later, columns) - ACCURACY_GIVEN_UP
    for share in ESCALATED_SHARES:
        margin = min(1.0, float(np.quantile(own.margins, share)))
        tried = replace(one, min_margin=margin, min_scope=MIN_SCOPE)
        if _accuracy(own.unless_left(tried, later), columns) >= goal:
            break
    return tried


def _accuracy(answers: _Answers, columns: NDArray[np.intp]) -> float:
    return float((answers.probabilities.argmax(axis=1) == columns).mean())
