"""What is measured on examples that were held back: temperatures, scope, when to escalate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from prompt_capture.adapters.model_artifact import Thresholds
from prompt_capture.domain.predictions import LEAST_SCOPE
from training.calibration import confidence_for_precision, fit_temperature
from training.evaluate import figures
from training.predictions import Predictions
from training.scope import features, fit_scope, split_labels

Floats = NDArray[np.floating]

TARGET_PRECISION = 0.95
FEWEST_ANSWERS = 30
"""Answers that an intent needs before it gets a threshold of its own."""
ACCURACY_GIVEN_UP = 0.005
"""What a cascade may lose against its later stages alone."""
ESCALATED_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)


@dataclass(frozen=True)
class StageScores:
    """What one stage said of n held-back examples, before calibration.

    `logits` [n, labels], and `likeness` [n], that of each embedding to the nearest intent's mean.
    """

    logits: Floats
    likeness: Floats


@dataclass(frozen=True)
class HeldBack:
    """Examples that were held back, and what each stage said of them.

    `truth` [n] holds their labels; `labels` are the columns of the logits, in order.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    stages: Sequence[StageScores]

    @classmethod
    def joined(cls, turns: Sequence["HeldBack"]) -> "HeldBack":
        """Put several turns together; all have the same labels and stages."""
        return cls(
            [text for turn in turns for text in turn.texts],
            np.concatenate([turn.truth for turn in turns]),
            turns[0].labels,
            [
                StageScores(
                    np.concatenate([one.logits for one in stage]),
                    np.concatenate([one.likeness for one in stage]),
                )
                for stage in zip(*(turn.stages for turn in turns), strict=True)
            ],
        )


@dataclass(frozen=True)
class StageCalibration:
    """What a stage's graph needs beside its head, and when it leaves a message to the next."""

    temperature: float
    scope_weights: Floats
    scope_bias: float
    least_margin: float = 0.0
    least_scope: float = 0.0

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

    def where(self, left: NDArray[np.bool_], later: "_Answers") -> "_Answers":
        """Answer the later stage's rows where this one left them."""
        return _Answers(
            np.where(left[:, None], later.probabilities, self.probabilities),
            np.where(left, later.scope, self.scope),
        )


def calibrate(held: HeldBack) -> tuple[list[StageCalibration], Predictions]:
    """Calibrate each stage, and answer what all of them together say of the held-back texts."""
    columns = np.searchsorted(held.labels, held.truth)
    calibrated = [_calibrate_stage(stage, columns, held.labels) for stage in held.stages]
    answers = [
        _answers(stage, one, held.labels)
        for stage, one in zip(held.stages, calibrated, strict=True)
    ]
    together = answers[-1]
    for place in reversed(range(len(answers) - 1)):
        calibrated[place], together = _escalate(
            calibrated[place], answers[place], together, columns
        )
    return calibrated, Predictions(
        held.texts, held.truth, held.labels, together.probabilities, together.scope
    )


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
            label: threshold(rows)
            for label, rows in answered.items()
            if rows.sum() >= FEWEST_ANSWERS
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


def _answers(stage: StageScores, one: StageCalibration, labels: tuple[str, ...]) -> _Answers:
    logits = stage.logits / one.temperature
    found = features(logits, stage.likeness, *split_labels(labels))
    return _Answers(softmax(logits, axis=1), expit(found @ one.scope_weights + one.scope_bias))


def _escalate(
    one: StageCalibration, own: _Answers, later: _Answers, columns: NDArray[np.intp]
) -> tuple[StageCalibration, _Answers]:
    """Leave to the later stages as few messages as cost next to no accuracy."""
    goal = _accuracy(later, columns) - ACCURACY_GIVEN_UP
    doubtful = own.scope < LEAST_SCOPE
    for share in ESCALATED_SHARES:
        margin = float(np.quantile(own.margins, share))
        together = own.where(doubtful | (own.margins < margin), later)
        if _accuracy(together, columns) >= goal:
            break
    return replace(one, least_margin=min(1.0, margin), least_scope=LEAST_SCOPE), together


def _accuracy(answers: _Answers, columns: NDArray[np.intp]) -> float:
    return float((answers.probabilities.argmax(axis=1) == columns).mean())
