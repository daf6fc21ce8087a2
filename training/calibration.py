"""What a confidence is worth: temperature scaling, and the error that remains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.floating]


def fit_temperature(logits: Floats, truth: NDArray[np.integer]) -> float:
    """Answer the temperature that minimises the negative log likelihood (Guo et al. 2017).

    `logits` [examples, labels] of examples that the head was not fitted to; `truth` [examples]
    holds the index of each one's label.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


@dataclass(frozen=True)
class ReliabilityBin:
    """The answers with a confidence from `low` to `high`: how many, how sure, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(
    confidences: Floats, correct: NDArray[np.bool_], bins: int = 15
) -> list[ReliabilityBin]:
    """Sort answers [n] into bins of equal width; bins without any are left out."""
    placed = np.minimum((confidences * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            low=b / bins,
            high=(b + 1) / bins,
            count=int((placed == b).sum()),
            confidence=float(confidences[placed == b].mean()),
            accuracy=float(correct[placed == b].mean()),
        )
        for b in np.unique(placed).tolist()
    ]


def expected_calibration_error(confidences: Floats, correct: NDArray[np.bool_]) -> float:
    """Answer the mean gap between confidence and accuracy, in 15 bins of equal width (ECE)."""
    return sum(
        abs(each.confidence - each.accuracy) * each.count / len(confidences)
        for each in reliability(confidences, correct)
    )


def confidence_for_precision(
    confidences: Floats, correct: NDArray[np.bool_], precision: float
) -> float | None:
    """Answer the lowest confidence above which at least `precision` of the answers are right."""
    order = np.argsort(-confidences, kind="stable")
    shares = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    (reached,) = np.nonzero(shares >= precision)
    return float(confidences[order[reached[-1]]]) if len(reached) else None
