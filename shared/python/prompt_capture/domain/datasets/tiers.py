"""The tiers of labels, by their origin, and the precision of each tier."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT
from prompt_capture.domain.types import FrozenModel

Tier = Literal["person", "outcome", "rule", "confident"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The most reliable first. A text's best tier determines its label."""

MIN_AUDITED_ROWS = 30
"""With fewer audited rows, the precision counts as unknown."""

_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution, for a 95% interval."""


class AuditResult(NamedTuple):
    """How many rows of a tier and model version were audited, and how many were correct."""

    tier: str
    model_version: str
    audited: int
    correct: int


class Precision(FrozenModel):
    """The share of correct labels in a tier, with Wilson's 95% confidence interval.

    `precision`, `ci_lower` and `ci_upper` are None until enough rows were audited.
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
        if audited < MIN_AUDITED_ROWS:
            return cls(audited=audited, correct=correct)
        lower, upper = wilson_interval(correct, audited)
        precision = round(correct / audited, 4)
        return cls(
            audited=audited, correct=correct, precision=precision, ci_lower=lower, ci_upper=upper
        )

    def __str__(self) -> str:
        if self.precision is None:
            return f"unknown ({self.audited} of {MIN_AUDITED_ROWS} rows audited)"
        return f"{self.precision:.1%} (95% CI {self.ci_lower:.1%} to {self.ci_upper:.1%})"


def wilson_interval(correct: int, audited: int) -> tuple[float, float]:
    """Return Wilson's 95% confidence interval of a share, rounded to four decimal places."""
    share = correct / audited
    centre = share + _Z**2 / (2 * audited)
    spread = _Z * math.sqrt(share * (1 - share) / audited + _Z**2 / (4 * audited**2))
    scale = 1 + _Z**2 / audited
    return max(0.0, round((centre - spread) / scale, 4)), min(
        1.0, round((centre + spread) / scale, 4)
    )


def tier_of(row: ExportRow, threshold: float) -> Tier | None:
    """Return the tier of a row's label, or None where the row has no usable label."""
    if row.corrected_intent is not None:
        return "person"
    if row.was_successful is False or row.predicted_intent == UNKNOWN_INTENT:
        return None
    if row.was_successful:
        return "outcome"
    if row.source == "rule":
        return "rule"
    is_in_scope = row.scope is None or row.scope >= MIN_SCOPE
    return "confident" if is_in_scope and (row.confidence or 0) > threshold else None


def admit_tiers(
    precisions: Mapping[Tier, Precision], floor: float
) -> tuple[frozenset[Tier], dict[str, str]]:
    """Return the tiers that reach the floor, and for each other tier the reason.

    A tier reaches the floor if the lower bound of its confidence interval does. The tier `person`
    is always admitted, since the precision of the others is measured against it. A floor of 0
    admits every tier, even with an unknown precision.
    """
    excluded_tiers: dict[str, str] = {
        tier: f"precision {precision}, required lower bound {floor:.0%}"
        for tier, precision in precisions.items()
        if tier != "person" and (precision.ci_lower or 0) < floor
    }
    return frozenset(tier for tier in TIERS if tier not in excluded_tiers), excluded_tiers
