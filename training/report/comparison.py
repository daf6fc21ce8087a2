"""Compare two models: whether their accuracies differ by more than chance."""

import math
from typing import Literal

import numpy as np
from pydantic import BaseModel
from scipy.stats import binomtest, norm

from training.calibrate.predictions import Predictions

SIGNIFICANCE = 0.05

Verdict = Literal["better", "worse", "no significant difference"]


class Comparison(BaseModel):
    """The accuracy of the new model minus that of the old one, on the same messages.

    `ci_lower` and `ci_upper` bound the difference with 95% confidence. `p_value` is that of the
    exact McNemar test. `only_new_correct` and `only_old_correct` count the messages that one model
    alone predicts correctly.
    """

    accuracy_difference: float
    ci_lower: float
    ci_upper: float
    p_value: float
    only_new_correct: int
    only_old_correct: int
    verdict: Verdict


def compare(new: Predictions, old: Predictions) -> Comparison:
    """Compare two models by the messages that one of them alone predicts correctly.

    The verdict is that of the exact test of McNemar (1947). The interval is that of Bonett and
    Price (2012) for paired proportions. Raises `ValueError` where the two models did not classify
    the same messages.
    """
    if list(new.texts) != list(old.texts) or not np.array_equal(new.truth, old.truth):
        raise ValueError("The two models did not classify the same messages.")
    won = int((new.correct & ~old.correct).sum())
    lost = int((old.correct & ~new.correct).sum())
    n = len(new.texts)
    p_value = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    lower, upper = _interval(won, lost, n)
    verdict: Verdict = "no significant difference"
    if p_value < SIGNIFICANCE:
        verdict = "better" if won > lost else "worse"
    return Comparison(
        accuracy_difference=(won - lost) / n,
        ci_lower=lower,
        ci_upper=upper,
        p_value=p_value,
        only_new_correct=won,
        only_old_correct=lost,
        verdict=verdict,
    )


def describe_comparison(comparison: Comparison, new: str, old: str) -> str:
    """Describe a comparison of the models named `new` and `old` in one sentence."""
    verdicts = {
        "better": f"{new} is better than {old}",
        "worse": f"{new} is worse than {old}",
        "no significant difference": f"There is no significant difference between {new} and {old}",
    }
    return (
        f"{verdicts[comparison.verdict]}: "
        f"{comparison.accuracy_difference * 100:+.1f} points of accuracy "
        f"(95% confidence interval {comparison.ci_lower * 100:+.1f} to "
        f"{comparison.ci_upper * 100:+.1f}, exact McNemar p = {comparison.p_value:.2g}; "
        f"{comparison.only_new_correct} messages correct with {new} alone, "
        f"{comparison.only_old_correct} with {old} alone)."
    )


def _interval(won: int, lost: int, n: int) -> tuple[float, float]:
    share_won, share_lost = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    difference = share_won - share_lost
    error = math.sqrt((share_won + share_lost - difference**2) / (n + 2))
    half_width = float(norm.ppf(1 - SIGNIFICANCE / 2)) * error
    return max(-1.0, difference - half_width), min(1.0, difference + half_width)
