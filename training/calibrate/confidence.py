"""Confidence calibration: temperature scaling, reliability and calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.floating]

BINS = 15
"""The number of bins of the calibration error."""


def fit_temperature(logits: Floats, truth: NDArray[np.integer]) -> float:
    """Return the temperature that minimises the negative log-likelihood (Guo et al. 2017).

    `logits` [n, labels] belong to examples that the head was not fitted to. `truth` [n] holds the
    column of each example's label.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


@dataclass(frozen=True)
class ReliabilityBin:
    """The predictions with a confidence from `low` to `high`.

    `count` is their number, `confidence` their mean confidence, and `accuracy` the share of them
    that is correct.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability_bins(
    confidences: Floats, correct: NDArray[np.bool_], bins: int = BINS
) -> list[ReliabilityBin]:
    """Group predictions [n] into bins of equal width, without the empty bins."""
    indices = bin_indices(confidences, bins)
    return [
        ReliabilityBin(
            low=b / bins,
            high=(b + 1) / bins,
            count=int((indices == b).sum()),
            confidence=float(confidences[indices == b].mean()),
            accuracy=float(correct[indices == b].mean()),
        )
        for b in np.unique(indices).tolist()
    ]


def bin_indices(confidences: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """Return the bin of each confidence [n], from 0."""
    return np.minimum((confidences * bins).astype(np.intp), bins - 1)


def expected_calibration_error(confidences: Floats, correct: NDArray[np.bool_]) -> float:
    """Return the mean gap between confidence and accuracy in 15 bins of equal width (ECE)."""
    return sum(
        abs(each.confidence - each.accuracy) * each.count / len(confidences)
        for each in reliability_bins(confidences, correct)
    )
