"""A sequential test for a share that gets worse: accuracy that drops, workflows that begin to fail.

The share before the change is unknown, and so is the day of the change. The statistic is that of
Shiryaev (1963) and Roberts (1966): the sum over all days of the likelihood ratio of a change on
that day. It is averaged over the unknown share by its posterior given all counts, which makes each
term a Bayes factor. Under no change the statistic of day n has the mean n. So with a threshold A,
false alarms are at least A days apart on average, however often somebody looks (an e-detector:
Shin, Ramdas and Rinaldo 2022).

Counts of one day are not independent, since a user sends several similar messages. The
overdispersion is estimated from the stream's own past, and tempers every likelihood.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAG_DAYS = 14
"""The overdispersion comes from days before these, so that a change does not hide itself."""

PRIOR_DAYS = 10.0
"""The weight of the assumption that there is no overdispersion, in days."""

MAX_SQUARE = 25.0
"""A day counts for at most this much overdispersion."""

_CAP = 20.0
"""The statistic stays below this many times the threshold, so that a recovery shows soon."""


@dataclass(frozen=True)
class Drop:
    """A change to detect: shares before it, the share after it for each, and the threshold.

    `threshold` is the mean number of days between two false alarms of one stream, or more.
    `min_days` is how many days an alert needs at least: what one day says is limited accordingly.
    """

    before: Floats
    after: Floats
    threshold: float
    min_days: int = 1


def accuracy_drop(threshold: float, points: float = 0.05) -> Drop:
    """Return the change to an accuracy that is lower by `points`, of any accuracy above a third."""
    before = np.arange(0.34, 0.998, 0.0025)
    return Drop(before, before - points, threshold)


def failure_rise(threshold: float, odds_ratio: float = 3.0) -> Drop:
    """Return the change of successes to odds of failure that are `odds_ratio` times higher."""
    failing = 1 / (1 + np.exp(-np.linspace(np.log(0.002), np.log(1.5), 60)))
    after = odds_ratio * failing / (1 - failing + odds_ratio * failing)
    return Drop(1 - failing, 1 - after, threshold, min_days=2)


@dataclass(frozen=True)
class DropEvidence:
    """The statistic of every day and stream, and the overdispersion that it assumed.

    `since` is, for each day and stream, the first day of the present run of evidence.
    """

    statistic: Floats
    overdispersion: Floats
    since: NDArray[np.int64]


def drop_evidence(good: Floats, total: Floats, drop: Drop) -> DropEvidence:
    """Return the evidence for a drop by the end of each day.

    `good` and `total` have one row per day and one column per stream. Every column is judged on
    its own.
    """
    days, streams = good.shape
    log_before, log_not_before = np.log(drop.before), np.log1p(-drop.before)
    gain_good = (np.log(drop.after) - log_before)[:, None]
    gain_bad = (np.log1p(-drop.after) - log_not_before)[:, None]
    likelihood = np.zeros((len(drop.before), streams))
    ratios = np.zeros((len(drop.before), streams))
    since = np.zeros(streams, dtype=np.int64)
    squares, counted = np.full(streams, PRIOR_DAYS), np.full(streams, PRIOR_DAYS)
    waiting: list[Floats] = []
    evidence = DropEvidence(
        np.zeros((days, streams)), np.ones((days, streams)), np.zeros((days, streams), np.int64)
    )
    cap = _CAP * drop.threshold
    max_gain = np.log(cap if drop.min_days == 1 else drop.threshold / 2) / drop.min_days
    for day in range(days):
        if len(waiting) == LAG_DAYS:
            oldest = waiting.pop(0)
            squares += np.where(oldest < 0, 0, oldest)
            counted += oldest >= 0
        factor = np.maximum(1.0, squares / counted)
        weights = _normalise(likelihood)
        waiting.append(_surprise(weights, drop.before, good[day], total[day]))

        bad = total[day] - good[day]
        gain = np.minimum((gain_good * good[day] + gain_bad * bad) / factor, max_gain)
        # A day without counts is no look.
        ratios = np.minimum((ratios + (total[day] > 0)) * np.exp(gain), cap)
        likelihood += (log_before[:, None] * good[day] + log_not_before[:, None] * bad) / factor
        statistic = (_normalise(likelihood) * ratios).sum(axis=0)
        since = np.where(statistic <= 1.5, day + 1, since)
        evidence.statistic[day] = statistic
        evidence.overdispersion[day] = factor
        evidence.since[day] = np.minimum(since, day)
    return evidence


def _normalise(log_weights: Floats) -> Floats:
    weights: Floats = np.exp(log_weights - log_weights.max(axis=0))
    return weights / weights.sum(axis=0)


def _surprise(weights: Floats, shares: Floats, good: Floats, total: Floats) -> Floats:
    """Return the squared standardised residual of a day, or -1 where nothing was counted.

    The prediction is that of the past, whose uncertainty is part of the variance.
    """
    mean = (weights * shares[:, None]).sum(axis=0)
    spread = (weights * (shares[:, None] - mean) ** 2).sum(axis=0)
    variance = total * mean * (1 - mean) + total**2 * spread
    square = np.minimum((good - total * mean) ** 2 / np.maximum(variance, 1e-12), MAX_SQUARE)
    return np.where(total > 0, square, -1.0)


def firing(evidence: Floats, threshold: float, release: float) -> NDArray[np.bool_]:
    """Return where an alert is open: from the threshold on, until the evidence is below `release`.

    One row per day.
    """
    is_open = np.zeros(evidence.shape, dtype=bool)
    before = np.zeros(evidence.shape[1:], dtype=bool)
    for day, value in enumerate(evidence):
        before = (value >= threshold) | (before & (value >= release))
        is_open[day] = before
    return is_open
