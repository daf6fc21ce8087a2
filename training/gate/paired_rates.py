"""Tests of a difference between two paired rates against a margin.

Of n texts, the candidate alone satisfies a condition on `won`, and the champion alone on `lost`.
"""

import math

from scipy.optimize import brentq
from scipy.stats import norm

_CONFIDENCE = 0.95
_EDGE = 1 - 1e-9


def score_statistic(won: int, lost: int, n: float, difference: float) -> float:
    """Return the score statistic of the hypothesis that the rates differ by `difference`.

    It is standard normal if they do, and positive where the candidate is better than that (Tango
    1998, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design"). For a difference of 0, it is the root of McNemar's statistic. `n` may
    have a fraction. It is 0 where there is nothing to test.
    """
    linear = (2 * n - won + lost) * difference - won - lost
    constant = -lost * difference * (1 - difference)
    root = math.sqrt(max(0.0, linear**2 - 8 * n * constant))
    lost_share = (root - linear) / (4 * n) if n else 0.0
    variance = n * (2 * lost_share + difference * (1 - difference))
    if variance <= 0:
        return 0.0
    return (won - lost - n * difference) / math.sqrt(variance)


def p_not_worse(won: int, lost: int, n: float, margin: float) -> float:
    """Return the p-value that shows a candidate to be worse by less than `margin`."""
    return float(norm.sf(score_statistic(won, lost, n, -margin)))


def p_worse(won: int, lost: int, n: float, margin: float) -> float:
    """Return the p-value that shows a candidate to be worse by more than `margin`."""
    return float(norm.cdf(score_statistic(won, lost, n, -margin)))


def score_interval(won: int, lost: int, n: float) -> tuple[float, float]:
    """Return the 95% confidence interval of the difference between the rates (Tango 1998).

    It holds the differences that the score test does not reject, so `n` must be above 0.
    """
    critical = float(norm.isf((1 - _CONFIDENCE) / 2))

    def limit(sign: float) -> float:
        def excess(difference: float) -> float:
            return score_statistic(won, lost, n, difference) + sign * critical

        estimate, edge = (won - lost) / n, sign * _EDGE
        if abs(estimate) >= _EDGE or excess(edge) * sign > 0:
            return sign
        return float(brentq(excess, estimate, edge, xtol=1e-7))

    return limit(-1.0), limit(1.0)
