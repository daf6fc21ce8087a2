"""Where a label comes from, and how far that can be trusted."""

import math
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT
from prompt_capture.domain.types import FrozenModel

Tier = Literal["person", "outcome", "rule", "confident"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""The most trusted first: a text's best one gives it its label."""

MIN_AUDITED = 30
"""Below so many audited rows a share says too little to be told."""

_Z = 1.959963984540054
"""Of the normal distribution, for 95%."""


class Audit(NamedTuple):
    """How many rows of a tier and model version were audited at random, and how many were right."""

    tier: str
    model_version: str
    audited: int
    right: int


class Precision(FrozenModel):
    """What share of a tier's labels is right, with Wilson's 95% interval; None: not known yet."""

    audited: int
    right: int
    precision: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def measured(cls, audits: Iterable[Audit]) -> "Precision":
        """Add audits up."""
        found = list(audits)
        audited, right = sum(a.audited for a in found), sum(a.right for a in found)
        if audited < MIN_AUDITED:
            return cls(audited=audited, right=right)
        low, high = wilson(right, audited)
        share = round(right / audited, 4)
        return cls(audited=audited, right=right, precision=share, at_least=low, at_most=high)

    def __str__(self) -> str:
        if self.precision is None:
            return f"not known yet: {self.audited} of {MIN_AUDITED} audited"
        return f"{self.precision:.1%} ({self.at_least:.1%} to {self.at_most:.1%})"


def wilson(right: int, audited: int) -> tuple[float, float]:
    """Answer Wilson's 95% interval for a share, rounded to four places."""
    share = right / audited
    centre = share + _Z**2 / (2 * audited)
    spread = _Z * math.sqrt(share * (1 - share) / audited + _Z**2 / (4 * audited**2))
    scale = 1 + _Z**2 / audited
    return max(0.0, round((centre - spread) / scale, 4)), min(
        1.0, round((centre + spread) / scale, 4)
    )


def tier_of(row: ExportRow, threshold: float) -> Tier | None:
    """Answer where a row's label comes from; None where it has none worth the name."""
    if row.corrected_intent is not None:
        return "person"
    if row.was_successful is False or row.predicted_intent == UNKNOWN_INTENT:
        return None
    if row.was_successful:
        return "outcome"
    if row.source == "rule":
        return "rule"
    in_scope = row.scope is None or row.scope >= MIN_SCOPE
    return "confident" if in_scope and (row.confidence or 0) > threshold else None


def admitted(
    precisions: Mapping[Tier, Precision], floor: float
) -> tuple[frozenset[Tier], dict[str, str]]:
    """Answer the tiers that reach the floor, and for each of the others why it does not.

    What people say is what the others are measured by, so it is always in. A floor of 0 lets all
    in, measured or not.
    """
    excluded_tiers: dict[str, str] = {
        tier: f"precision {precision}, floor {floor:.0%} of its lower bound"
        for tier, precision in precisions.items()
        if tier != "person" and (precision.at_least or 0) < floor
    }
    return frozenset(tier for tier in TIERS if tier not in excluded_tiers), excluded_tiers
