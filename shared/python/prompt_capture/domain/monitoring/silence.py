"""A test for silence: no message, in hours in which many are expected.

The expectation of an hour is the lower one of two: the mean of the same hour of the last three
weeks, and of the same hour of the last 27 days. Expected messages are divided by the overdispersion
of the hours, which gives the number of independent events that are missing: with x of them, silence
has the probability e^-x.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WEEK = 168
_DAY = 24
HISTORY_HOURS = 27 * _DAY
"""The first hours have no expectation."""


def missing_events(hours: Floats) -> Floats:
    """Return by hour how many independent messages are missing since the last message.

    `hours` has one row per complete hour and one column per stream.
    """
    expected = _expected(hours)
    overdispersion = _overdispersion(hours, expected)
    missing = np.zeros(hours.shape)
    gap = np.zeros(hours.shape[1:])
    for hour in range(HISTORY_HOURS, len(hours)):
        gap = np.where(hours[hour] > 0, 0, gap + expected[hour] / overdispersion[hour])
        missing[hour] = gap
    return missing


def _expected(hours: Floats) -> Floats:
    expected = np.zeros(hours.shape)
    rows = np.arange(HISTORY_HOURS, len(hours))
    if len(rows):
        by_week = sum(hours[rows - WEEK * week] for week in (1, 2, 3)) / 3
        by_day = sum(hours[rows - _DAY * day] for day in range(1, 28)) / 27
        expected[rows] = np.minimum(by_week, by_day)
    return expected


def _overdispersion(hours: Floats, expected: Floats) -> Floats:
    """Return the variance of the hours up to a day before each, in multiples of the expectation."""
    squares = np.where(expected > 0, (hours - expected) ** 2, 0.0)
    squares_before = _lagged_sum(squares)
    expected_before = _lagged_sum(expected)
    return np.maximum(1.0, squares_before / np.maximum(expected_before, 1.0))


def _lagged_sum(values: Floats) -> Floats:
    sums = np.zeros(values.shape)
    sums[_DAY:] = np.cumsum(values, axis=0)[:-_DAY]
    return sums
