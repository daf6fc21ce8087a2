"""What rules are compared with: a CUSUM that knows the accuracies, and two rules that are usual."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.simulation import DAYS, WARM_UP_DAYS, Counts
from prompt_capture.domain.monitoring.drops import firing

Flags = NDArray[np.bool_]

_RELEASE = 1 / 3
_Z_95 = 1.6448536269514722


def openings(alerts: Flags) -> int:
    """Return how many alerts were opened after the warm-up."""
    opened = np.diff(alerts.astype(int), axis=0, prepend=0) == 1
    return int(opened[WARM_UP_DAYS:].sum())


def cusum(correct: Counts, audited: Counts, before: float, after: float) -> Counts:
    """Return Page's statistic of a drop between two known accuracies, by day and run."""
    good, bad = np.log(after / before), np.log((1 - after) / (1 - before))
    values = np.zeros(correct.shape)
    value = np.zeros(correct.shape[1])
    for day in range(DAYS):
        gain = good * correct[day] + bad * (audited[day] - correct[day])
        value = np.maximum(0, value + gain)
        values[day] = value
    return values


def alerts_of_cusum(values: Counts, threshold: float) -> Flags:
    """Return where the oracle's alert is open."""
    return firing(values, threshold, threshold * _RELEASE)


def threshold_for(values: Counts, false_alarms: int) -> float:
    """Return the lowest threshold with at most so many false alarms in these quiet years."""
    low, high = 0.1, 40.0
    for _ in range(30):
        middle = (low + high) / 2
        if openings(alerts_of_cusum(values, middle)) > false_alarms:
            low = middle
        else:
            high = middle
    return high


def population_stability(intents: Counts, reference_days: int = 28) -> Flags:
    """Return the days on which the population stability index of intents is above 0.2.

    One row per day after the warm-up, one column per run: the usual rule for a shift.
    """
    reference = intents[WARM_UP_DAYS - reference_days : WARM_UP_DAYS].sum(axis=0)
    expected = (reference + 0.5) / (reference + 0.5).sum(axis=1, keepdims=True)
    days = intents[WARM_UP_DAYS:]
    actual = (days + 0.5) / (days + 0.5).sum(axis=2, keepdims=True)
    index = ((actual - expected) * np.log(actual / expected)).sum(axis=2)
    flags: Flags = index > 0.2
    return flags


def daily_test(correct: Counts, audited: Counts, accuracy: float) -> Flags:
    """Return the days on which a one-sided 5% test of the day's audits rejects the accuracy."""
    spread = np.sqrt(np.maximum(audited, 1) * accuracy * (1 - accuracy))
    flags: Flags = (correct - audited * accuracy) / spread < -_Z_95
    return flags[WARM_UP_DAYS:]
