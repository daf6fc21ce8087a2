"""Confidence thresholds: from which confidence on predictions reach a precision or a recall."""

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import Thresholds
from training.calibrate.predictions import Predictions
from training.config import ReviewTarget

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

DEFAULT_TARGET = ReviewTarget("precision", 0.95)
"""The target of the thresholds that the model card shows, where training has none."""

MIN_EXAMPLES = 30
"""How many examples an intent needs before it gets a threshold of its own.

They are predictions of the intent for a precision, and messages with the intent for a recall.
"""

_DIGITS = 6
"""Service rounds a confidence to as many digits."""


def confidence_thresholds(
    predictions: Predictions | None, review_target: ReviewTarget | None = None
) -> Thresholds | None:
    """Return the thresholds that reach a target, overall and per intent.

    Without a `review_target`, they are those of `DEFAULT_TARGET` and do not decide what needs a
    review. `predictions` are those for examples that the model was not fitted to; without them, no
    target is reached.
    """
    if predictions is None:
        return _make_thresholds(review_target, None, {}) if review_target else None
    target = review_target or DEFAULT_TARGET
    everything = np.ones(len(predictions.truth), bool)
    of_intents = {
        label: (predictions.predicted if target.measure == "precision" else predictions.truth)
        == label
        for label in predictions.labels
    }
    return _make_thresholds(
        review_target,
        _find_threshold(predictions, everything, target),
        {
            label: _find_threshold(predictions, rows, target)
            for label, rows in of_intents.items()
            if rows.sum() >= MIN_EXAMPLES
        },
    )


def _make_thresholds(
    review_target: ReviewTarget | None, overall: float | None, per_intent: dict[str, float | None]
) -> Thresholds:
    target = review_target or DEFAULT_TARGET
    return Thresholds(
        target_precision=target.value if target.measure == "precision" else None,
        target_recall=target.value if target.measure == "recall" else None,
        decide_review=review_target is not None,
        overall=overall,
        per_intent=per_intent,
    )


def _find_threshold(predictions: Predictions, rows: Mask, target: ReviewTarget) -> float | None:
    find = confidence_for_precision if target.measure == "precision" else confidence_for_recall
    return find(
        predictions.confidences[rows],
        predictions.correct[rows],
        target.value,
        predictions.weights[rows],
    )


def describe_target(thresholds: Thresholds) -> str:
    """Return the target of thresholds, such as "a precision of 0.95"."""
    if thresholds.target_precision is not None:
        return f"a precision of {thresholds.target_precision:.3g}"
    return f"a recall of {thresholds.target_recall:.3g}"


def confidence_for_precision(
    confidences: Floats, correct: Mask, precision: float, weights: Floats | None = None
) -> float | None:
    """Return the lowest confidence at or above which the precision is at least `precision`.

    `confidences` [n] belong to predictions, and `weights` [n] say how much each counts. Return None
    where no confidence reaches the precision.
    """
    values, accepted, right = _accumulate(confidences, correct, weights)
    (reached,) = np.nonzero(right >= precision * accepted)
    return float(values[reached[-1]]) if len(reached) else None


def confidence_for_recall(
    confidences: Floats, correct: Mask, recall: float, weights: Floats | None = None
) -> float | None:
    """Return the highest confidence at or above which the recall is at least `recall`.

    The recall is the share of the messages [n] that are predicted correctly at or above the
    confidence; `weights` [n] say how much each counts. Return None where the recall of all
    predictions is lower.
    """
    values, accepted, right = _accumulate(confidences, correct, weights)
    (reached,) = np.nonzero(right >= recall * accepted[-1:])
    return float(values[reached[0]]) if len(reached) else None


def _accumulate(
    confidences: Floats, correct: Mask, weights: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Return the distinct confidences, the highest first, and the weights at or above each.

    These are the weights of all predictions, and of the correct ones.
    """
    counts = np.ones(len(confidences)) if weights is None else weights
    rounded = np.round(confidences, _DIGITS)
    order = np.argsort(-rounded, kind="stable")
    (last_of_ties,) = np.nonzero(np.diff(rounded[order], append=-1.0))
    accepted, right = np.cumsum(counts[order]), np.cumsum((counts * correct)[order])
    return rounded[order][last_of_ties], accepted[last_of_ties], right[last_of_ties]
