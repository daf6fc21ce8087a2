"""Tests of two models that classified the same messages: what n messages can show.

A message is discordant where one of the models alone is right: the new one `won` it, or `lost` it.
All p-values are two-sided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, norm

from training.calibrate.confidence import BINS, bin_indices

Floats = NDArray[np.floating]

SIGNIFICANCE = 0.05
POWER = 0.8
PERMUTATIONS = 9_999
_BATCH_SIZE = 5_000_000
"""How many random numbers are drawn at once."""

MIN_CALIBRATION_MESSAGES = 10 * BINS
"""Fewer messages show nothing about calibration: the gap of a bin is taken to be normal."""

_NEGLIGIBLE = 1e-12


def mcnemar_mid_p(won: int, lost: int) -> float:
    """Return the p-value of McNemar's test (1947) in its mid-p version.

    It counts half of the probability of a result as extreme as this one. The exact test counts all
    of it, and rejects too rarely (Fagerland, Lydersen and Laake 2013, "The McNemar test for binary
    matched-pairs data: mid-p and asymptotic are better than exact conditional").
    """
    discordant, fewer = won + lost, min(won, lost)
    beyond = 2 * binom.cdf(fewer - 1, discordant, 0.5)
    return min(1.0, float(beyond + binom.pmf(fewer, discordant, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values, corrected for testing all of them (Holm 1979).

    The probability of at least one false rejection among those up to `SIGNIFICANCE` is then at most
    `SIGNIFICANCE`, however the tests depend on each other.
    """
    order = np.argsort(p_values, kind="stable")
    ranked = np.asarray(p_values, float)[order]
    corrected = np.empty(len(ranked))
    steps = np.arange(len(ranked), 0, -1)
    corrected[order] = np.minimum(1, np.maximum.accumulate(ranked * steps)) if len(ranked) else 0
    return corrected.tolist()


def select_testable(discordant: Sequence[int], significance: float = SIGNIFICANCE) -> list[int]:
    """Return the rows of the hypotheses that their discordant messages could reject.

    Others need not count in a correction, since they cannot be rejected falsely (Tarone 1990, "A
    modified Bonferroni method for discrete data"). The least p-value of a mid-p test is
    0.5 ** discordant. In the family that is returned, each could be rejected by its own p-value
    after Bonferroni's correction.
    """
    rows = list(range(len(discordant)))
    while rows:
        fewest = min(discordant[row] for row in rows)
        if 0.5**fewest <= significance / len(rows):
            break
        rows = [row for row in rows if discordant[row] > fewest]
    return rows


def mcnemar_power(
    n: int, difference: float, discordance: float, significance: float = SIGNIFICANCE
) -> float:
    """Return the probability that the mid-p test shows a loss on n messages.

    `discordance` is the share of discordant messages, and `difference` the share lost minus the
    share won. The sum over all numbers of discordant messages is exact (Duffy 1984, "Asymptotic and
    exact power for the McNemar test and its analogue with R controls per case").
    """
    if discordance < _NEGLIGIBLE:
        return 0.0
    low, high = binom.ppf(_NEGLIGIBLE, n, discordance), binom.isf(_NEGLIGIBLE, n, discordance)
    discordant = np.arange(low, high + 1)
    lost_share = min(1.0, (1 + difference / discordance) / 2)
    rejected = binom.sf(_critical_losses(discordant, significance) - 1, discordant, lost_share)
    return float(binom.pmf(discordant, n, discordance) @ rejected)


def _critical_losses(discordant: Floats, significance: float) -> Floats:
    """Return the smallest number of losses among `discordant` messages that is significant."""
    least: Floats = np.maximum(binom.isf(significance / 2, discordant, 0.5), 0)
    p_value = 2 * binom.sf(least, discordant, 0.5) + binom.pmf(least, discordant, 0.5)
    return np.where(p_value <= significance, least, least + 1)


@cache
def smallest_difference(
    n: int, discordance: float, significance: float = SIGNIFICANCE
) -> float | None:
    """Return the smallest loss that the mid-p test shows on n messages with a power of `POWER`.

    The loss is a share of the messages. `discordance` is the observed share of discordant messages;
    for a larger loss, all discordant messages are lost. None where n messages show no loss at all.
    """

    def excess(difference: float) -> float:
        return mcnemar_power(n, difference, max(discordance, difference), significance) - POWER

    return float(brentq(excess, 0, 1, xtol=1e-4)) if excess(1) >= 0 else None


class Confidences(NamedTuple):
    """The `confidences` [n] of a model's predictions, and whether they are `correct` [n]."""

    confidences: Floats
    correct: NDArray[np.bool_]


@dataclass(frozen=True)
class CalibrationTest:
    """The excess calibration error of a new model minus that of an old one.

    `standard_error` is that of the difference if the models are calibrated alike.
    """

    difference: float
    p_value: float
    standard_error: float

    @property
    def smallest_difference(self) -> float:
        """The difference that a test on as many messages shows with a power of `POWER`.

        The difference is taken to be normal.
        """
        return float(norm.ppf(1 - SIGNIFICANCE / 2) + norm.ppf(POWER)) * self.standard_error


def excess_calibration_error(model: Confidences) -> float:
    """Return the calibration error (ECE) minus what it is by chance if all confidences are true.

    Chance alone makes the calibration error of n predictions larger than 0, and that of a less
    accurate model more so (Bröcker and Smith 2007, "Increasing the reliability of reliability
    diagrams"). The expectation of the gap in a bin is that of the absolute value of a normal
    variable.
    """
    return float(_excess(_bin_parts(model).sum(axis=0)))


def calibration_test(
    new: Confidences, old: Confidences, permutations: int = PERMUTATIONS
) -> CalibrationTest:
    """Test the difference of two excess calibration errors by a paired permutation test.

    If the models are calibrated alike, it does not matter which of them made which prediction for a
    message. The p-value is the share of random assignments with a difference as large as the
    observed one, that one included (Phipson and Smyth 2010, "Permutation p-values should never be
    zero"). The standard error is the standard deviation of the random differences. The same input
    gives the same result.
    """
    new_parts, old_parts = _bin_parts(new), _bin_parts(old)
    new_sum, old_sum = new_parts.sum(axis=0), old_parts.sum(axis=0)
    swaps = (old_parts - new_parts).reshape(len(new_parts), -1)
    observed = float(_excess(new_sum) - _excess(old_sum))
    random = np.random.default_rng(0)
    batch = max(1, _BATCH_SIZE // len(swaps))
    batches = []
    for start in range(0, permutations, batch):
        shape = min(batch, permutations - start), len(swaps)
        moved = (random.integers(0, 2, shape).astype(float) @ swaps).reshape(-1, *new_sum.shape)
        batches.append(_excess(new_sum + moved) - _excess(old_sum - moved))
    differences = np.concatenate(batches)
    extreme = np.abs(differences) >= abs(observed) - _NEGLIGIBLE
    return CalibrationTest(
        difference=observed,
        p_value=float((1 + extreme.sum()) / (1 + permutations)),
        standard_error=float(differences.std()),
    )


def _bin_parts(model: Confidences) -> Floats:
    """Return each message's part of a bin's gap, and of the variance of the gap: [n, 2, bins]."""
    confidences, correct = model
    n = len(confidences)
    parts = np.zeros((n, 2, BINS))
    rows, bins = np.arange(n), bin_indices(confidences)
    parts[rows, 0, bins] = (confidences - correct) / n
    parts[rows, 1, bins] = confidences * (1 - confidences) / n**2
    return parts


def _excess(parts: Floats) -> Floats:
    """Return the excess calibration errors for sums of parts [..., 2, bins]."""
    gaps, variances = np.abs(parts[..., 0, :]), np.maximum(parts[..., 1, :], 0)
    excess: Floats = (gaps - np.sqrt(2 / np.pi * variances)).sum(axis=-1)
    return excess
