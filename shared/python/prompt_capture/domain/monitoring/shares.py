"""A sequential test for shares that move: predicted intents, and messages out of scope.

Each day is compared with the four weeks that ended a week before it. So slow changes, such as a
season, move the reference as well, and every weekday is in it four times. Residuals are made
comparable (Anscombe 1948) and divided by the stream's own past overdispersion. CUSUMs (Page 1954)
of them detect a lasting change; a single day counts for a bounded amount, so that one user's burst
does not raise an alert. The threshold follows from the false alarms that are allowed, by Siegmund's
(1985) approximation of the mean time between them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REFERENCE_DAYS = 28
GAP_DAYS = 7
BURN_IN_DAYS = REFERENCE_DAYS + GAP_DAYS
"""The first days have no reference."""

_PRIOR_DAYS, _PRIOR_OVERDISPERSION = 14.0, 1.5
_MAX_RESIDUAL = 4.0
_MIN_EXPECTED = 2.0
_MIN_VARIANCE = 0.05
"""Where one intent has all messages, its count follows from their number."""

_OVERSHOOT = 1.166
"""By how much Siegmund's approximation shifts the threshold for the jumps of single days."""


@dataclass(frozen=True)
class Shift:
    """A change to detect, and how much of it is no matter.

    `tolerance` is a relative change of the share that is not worth an alert, `allowance` the
    standardised change per day that the CUSUM forgives, and `clip` the most that one day counts.
    `threshold` is that of the CUSUM.
    """

    tolerance: float
    allowance: float
    clip: float
    threshold: float


@dataclass(frozen=True)
class ShareEvidence:
    """CUSUMs of every day and stream: of rising and of falling shares.

    `expected` is the reference's share. `since` is the first day of the present excursion of the
    larger CUSUM.
    """

    rising: Floats
    falling: Floats
    expected: Floats
    since: NDArray[np.int64]


def cusum_threshold(allowance: float, days_between_false_alarms: float) -> float:
    """Return the threshold of a one-sided CUSUM of standard normal days.

    Siegmund's approximation: the mean time to a false alarm is (e^x - 1 - x) / (2 k^2), where
    x = 2 k (h + 1.166), k is the allowance and h the threshold.
    """
    target = 2 * allowance**2 * days_between_false_alarms
    low, high = 0.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if math.expm1(middle) - middle < target else (low, middle)
    return max(0.1, low / (2 * allowance) - _OVERSHOOT)


def share_evidence(counts: Floats, totals: Floats, shift: Shift) -> ShareEvidence:
    """Return the evidence for a change of shares by the end of each day.

    `counts` has one row per day and one column per stream; `totals` has the same shape, or one
    column.
    """
    totals = np.broadcast_to(totals, counts.shape)
    days, streams = counts.shape
    reference, reference_total = _trailing_sums(counts), _trailing_sums(totals)
    share = reference / np.maximum(reference_total, 1)
    expected = np.maximum(totals * share, _MIN_EXPECTED)
    # The reference is uncertain, too.
    uncertainty = 1 + totals / np.maximum(reference_total, 1)
    spread = np.sqrt(np.maximum(1 - share, _MIN_VARIANCE) * uncertainty)
    residual = _root(counts, expected) / spread
    overdispersion = _overdispersion(residual)
    scale = spread * np.sqrt(overdispersion)
    up = _root(counts, expected * (1 + shift.tolerance)) / scale
    down = -_root(counts, expected * (1 - shift.tolerance)) / scale

    rising, falling = np.zeros((days, streams)), np.zeros((days, streams))
    since = np.zeros((days, streams), dtype=np.int64)
    high, low = np.zeros(streams), np.zeros(streams)
    started = np.zeros((2, streams), dtype=np.int64)
    for day in range(BURN_IN_DAYS, days):
        has_data = (totals[day] > 0) & (reference_total[day] > 0)
        high = np.where(has_data, _step(high, up[day], shift), high)
        low = np.where(has_data, _step(low, down[day], shift), low)
        started[0] = np.where(high == 0, day + 1, started[0])
        started[1] = np.where(low == 0, day + 1, started[1])
        rising[day], falling[day] = high, low
        since[day] = np.minimum(np.where(high >= low, started[0], started[1]), day)
    return ShareEvidence(rising, falling, share, since)


def _step(cusum: Floats, residual: Floats, shift: Shift) -> Floats:
    step = np.minimum(residual, shift.clip) - shift.allowance
    # Without a limit, an alert would stay open long after the share is as before.
    return np.clip(cusum + step, 0, 3 * shift.threshold)


def _root(counts: Floats, expected: Floats) -> Floats:
    """Return residuals whose variance is 1 for Poisson counts, whatever is expected."""
    result: Floats = 2 * (np.sqrt(counts + 0.375) - np.sqrt(expected + 0.375))
    return result


def _trailing_sums(values: Floats) -> Floats:
    """Return for each day the sum over the reference of that day; zero during the burn-in."""
    cumulated = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    sums = np.zeros(values.shape)
    ends = np.arange(BURN_IN_DAYS, len(values)) - GAP_DAYS
    sums[BURN_IN_DAYS:] = cumulated[ends] - cumulated[ends - REFERENCE_DAYS]
    return sums


def _overdispersion(residual: Floats) -> Floats:
    """Return the mean squared residual of the days up to a week before each, at least 1."""
    squares = np.minimum(np.abs(residual), _MAX_RESIDUAL) ** 2
    squares[:BURN_IN_DAYS] = 0
    cumulated = np.cumsum(squares, axis=0)
    lagged = np.zeros(residual.shape)
    lagged[GAP_DAYS:] = cumulated[:-GAP_DAYS]
    days = np.maximum(0, np.arange(len(residual)) + 1 - GAP_DAYS - BURN_IN_DAYS)[:, None]
    estimate: Floats = (lagged + _PRIOR_DAYS * _PRIOR_OVERDISPERSION) / (days + _PRIOR_DAYS)
    return np.maximum(1.0, estimate)
