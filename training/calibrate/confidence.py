"""Confidence calibration: temperature scaling, reliability and calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Floats = NDArray[np.floating]

BINS = 15
"""The number of bins of the calibration error."""


def fit_temperature(
    logits: Floats, truth: NDArray[np.integer], weights: Floats | None = None
) -> float:
    """Return the temperature that minimises the negative log-likelihood (Guo et al. 2017).

    `logits` [n, labels] belong to examples that the head was not fitted to. `truth` [n] holds the
    column of each example's label, and `weights` [n] how much it counts.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        losses = -scaled[np.arange(len(truth)), truth]
        return float(np.average(losses, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


@dataclass(frozen=True)
class ReliabilityBin:
    """The predictions with a confidence from `low` to `high`.

    `count` is their number, `share` their part of all predictions, `confidence` their mean
    confidence, and `accuracy` the part of them that is correct, all weighted but `count`.
    """

    low: float
    high: float
    count: int
    share: float
    confidence: float
    accuracy: float


def reliability_bins(
    confidences: Floats,
    correct: NDArray[np.bool_],
    weights: Floats | None = None,
    bins: int = BINS,
) -> list[ReliabilityBin]:
    """Group predictions [n] with `weights` [n] into bins of equal width, without empty bins."""
    each = np.ones(len(confidences)) if weights is None else weights
    indices = bin_indices(confidences, bins)
    members = {b: indices == b for b in np.unique(indices[each > 0]).tolist()}
    return [
        ReliabilityBin(
            low=b / bins,
            high=(b + 1) / bins,
            count=int(rows.sum()),
            share=float(each[rows].sum() / each.sum()),
            confidence=float(np.average(confidences[rows], weights=each[rows])),
            accuracy=float(np.average(correct[rows], weights=each[rows])),
        )
        for b, rows in members.items()
    ]


def bin_indices(confidences: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """Return the bin of each confidence [n], from 0."""
    return np.minimum((confidences * bins).astype(np.intp), bins - 1)


def expected_calibration_error(
    confidences: Floats, correct: NDArray[np.bool_], weights: Floats | None = None
) -> float:
    """Return the mean gap between confidence and accuracy in 15 bins of equal width (ECE)."""
    return sum(
        abs(each.confidence - each.accuracy) * each.share
        for each in reliability_bins(confidences, correct, weights)
    )


def effective_size(weights: Floats) -> float:
    """Return how many equal weights are as informative as the weights [n] (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())
