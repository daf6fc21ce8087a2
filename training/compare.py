"""Whether one model is better than another, or chance would do as an explanation."""

import math
from typing import Literal

import numpy as np
from pydantic import BaseModel
from scipy.stats import binomtest, norm

from training.predictions import Predictions

SIGNIFICANCE = 0.05

Verdict = Literal["better", "worse", "cannot be told apart"]


class Comparison(BaseModel):
    """The accuracy of the new model less that of the old, on the same messages.

    `low` and `high` bound the difference with 95% confidence, `p_value` is that of the exact
    McNemar test; `only_new_right` and `only_old_right` count the messages that decide it.
    """

    difference: float
    low: float
    high: float
    p_value: float
    only_new_right: int
    only_old_right: int
    verdict: Verdict


def compare(new: Predictions, old: Predictions) -> Comparison:
    """Compare by the messages that one model alone gets right.

    The exact test of McNemar (1947) decides; the interval is that of Bonett and Price (2012) for
    paired shares. Raises `ValueError` where the two did not answer the same messages.
    """
    if list(new.texts) != list(old.texts) or not np.array_equal(new.truth, old.truth):
        raise ValueError("The two models did not answer the same messages.")
    won = int((new.correct & ~old.correct).sum())
    lost = int((old.correct & ~new.correct).sum())
    n = len(new.texts)
    p_value = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    low, high = _interval(won, lost, n)
    verdict: Verdict = "cannot be told apart"
    if p_value < SIGNIFICANCE:
        verdict = "better" if won > lost else "worse"
    return Comparison(
        difference=(won - lost) / n,
        low=low,
        high=high,
        p_value=p_value,
        only_new_right=won,
        only_old_right=lost,
        verdict=verdict,
    )


def in_words(comparison: Comparison, new: str, old: str) -> str:
    """Say in one sentence what a comparison of the models named `new` and `old` found."""
    told = {
        "better": f"{new} is better than {old}",
        "worse": f"{new} is worse than {old}",
        "cannot be told apart": f"{new} and {old} cannot be told apart on these messages",
    }
    return (
        f"{told[comparison.verdict]}: {comparison.difference * 100:+.1f} points of accuracy "
        f"(95% interval {comparison.low * 100:+.1f} to {comparison.high * 100:+.1f}, exact McNemar "
        f"p = {comparison.p_value:.2g}; {comparison.only_new_right} right with {new} alone, "
        f"{comparison.only_old_right} with {old} alone)."
    )


def _interval(won: int, lost: int, n: int) -> tuple[float, float]:
    share_won, share_lost = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    difference = share_won - share_lost
    error = math.sqrt((share_won + share_lost - difference**2) / (n + 2))
    reach = float(norm.ppf(1 - SIGNIFICANCE / 2)) * error
    return max(-1.0, difference - reach), min(1.0, difference + reach)
