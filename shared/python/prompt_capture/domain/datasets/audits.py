"""The audit: how often predictions are right, estimated from a uniform random sample."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from prompt_capture.domain.datasets.lines import DECIDED_TIERS, TIERS, Tier
from prompt_capture.domain.datasets.rows import AuditResult
from prompt_capture.domain.types import FrozenModel

MIN_AUDITED_ROWS = 30
"""With fewer audited rows, the precision counts as unknown."""

_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution, for a 95% interval."""


class ShareEstimate(NamedTuple):
    """An estimated share, with its 95% confidence interval."""

    share: float
    lower: float
    upper: float


def estimate_share(results: Sequence[AuditResult]) -> ShareEstimate | None:
    """Return the share of correct predictions in a population, or None without audited rows.

    The share is Hájek's estimate (1971): each row weighs one divided by its probability, so with
    one probability it is the plain share. Its variance is that of a draw with replacement,
    linearised (Särndal, Swensson and Wretman 1992, Model Assisted Survey Sampling, sections 2.9 and
    5.7), which also covers messages that are still to come. The interval is Wilson's (1927) for the
    number of equally likely draws with that variance. That number is at most the one that the
    weights alone allow, as in Korn and Graubard (1998), since few wrong predictions make the
    variance look too small. Rows that cannot be decided count as wrong for the lower bound and as
    correct for the upper one (Manski 1989), so the interval covers the share whatever they are.
    The view `live_accuracy` computes the same.
    """
    right = _Weights(
        sum(result.correct_weight for result in results),
        sum(result.correct_squares for result in results),
    )
    wrong = _Weights(
        sum(result.wrong_weight for result in results),
        sum(result.wrong_squares for result in results),
    )
    undecided = _Weights(
        sum(result.undecided_weight for result in results),
        sum(result.undecided_squares for result in results),
    )
    if not right.weight + wrong.weight:
        return None
    share = right.weight / (right.weight + wrong.weight)
    lower, _ = _interval(right, wrong.plus(undecided))
    _, upper = _interval(right.plus(undecided), wrong)
    return ShareEstimate(share, lower, upper)


class _Weights(NamedTuple):
    """The sum of the weights of some rows, and of the squares of these."""

    weight: float
    squares: float

    def plus(self, other: "_Weights") -> "_Weights":
        """Return the sums over the rows of both."""
        return _Weights(self.weight + other.weight, self.squares + other.squares)


def _interval(right: _Weights, wrong: _Weights) -> tuple[float, float]:
    """Return the interval of the share of the weight of `right` in both."""
    weight = right.weight + wrong.weight
    share = right.weight / weight
    variance = ((1 - share) ** 2 * right.squares + share**2 * wrong.squares) / weight**2
    draws = weight**2 / (right.squares + wrong.squares)
    if variance:
        draws = min(draws, share * (1 - share) / variance)
    return wilson_interval(share, draws)


def wilson_interval(share: float, draws: float) -> tuple[float, float]:
    """Return Wilson's 95% confidence interval of a share of a number of draws."""
    centre = share + _Z**2 / (2 * draws)
    half_width = _Z * math.sqrt(share * (1 - share) / draws + _Z**2 / (4 * draws**2))
    scale = 1 + _Z**2 / draws
    return max(0.0, (centre - half_width) / scale), min(1.0, (centre + half_width) / scale)


class Precision(FrozenModel):
    """The share of correct labels in a tier, with its 95% confidence interval.

    `audited` and `correct` are numbers of rows. The others are None until enough were audited.
    """

    audited: int
    correct: int
    precision: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None

    @classmethod
    def from_audits(cls, audits: Iterable[AuditResult]) -> "Precision":
        """Combine the audit results of several model versions."""
        results = list(audits)
        audited = sum(result.audited for result in results)
        correct = sum(result.correct for result in results)
        estimate = estimate_share(results)
        if estimate is None or audited < MIN_AUDITED_ROWS:
            return cls(audited=audited, correct=correct)
        share, lower, upper = (round(value, 4) for value in estimate)
        return cls(
            audited=audited, correct=correct, precision=share, ci_lower=lower, ci_upper=upper
        )

    def __str__(self) -> str:
        if self.precision is None:
            return f"unknown ({self.audited} of {MIN_AUDITED_ROWS} rows audited)"
        return f"{self.precision:.1%} (95% CI {self.ci_lower:.1%} to {self.ci_upper:.1%})"


def tier_precisions(
    audits: Iterable[AuditResult], model_versions: Sequence[str]
) -> dict[Tier, Precision]:
    """Return the precision of each tier of predictions, measured against the tier `person`.

    Without `model_versions`, the audits of every model version count.
    """
    relevant = [
        audit for audit in audits if not model_versions or audit.model_version in model_versions
    ]
    return {
        tier: Precision.from_audits(audit for audit in relevant if audit.tier == tier)
        for tier in TIERS
        if tier not in DECIDED_TIERS
    }


def admit_tiers(
    precisions: Mapping[Tier, Precision], floor: float
) -> tuple[frozenset[Tier], dict[str, str]]:
    """Return the tiers that reach the floor, and for each other tier the reason.

    A tier reaches the floor if the lower bound of its confidence interval does. The tier `person`
    is always admitted, since the precision of the others is measured against it, and so is
    `near_duplicate`: a reviewer read each of these texts. A floor of 0 admits every tier, even with
    an unknown precision.
    """
    excluded_tiers: dict[str, str] = {
        tier: f"precision {precision}, required lower bound {floor:.0%}"
        for tier, precision in precisions.items()
        if tier not in DECIDED_TIERS and (precision.ci_lower or 0) < floor
    }
    return frozenset(tier for tier in TIERS if tier not in excluded_tiers), excluded_tiers
