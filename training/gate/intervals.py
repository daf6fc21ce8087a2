"""The interval of the difference in accuracy."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.stats import norm

from training.gate.evidence import PairedEvidence
from training.gate.looks import CONFIDENCE, LookStage, share_won_interval


class Difference(NamedTuple):
    """The accuracy of the candidate minus that of the champion, with 95% confidence limits."""

    value: float
    lower: float
    upper: float


def estimate_difference(evidence: PairedEvidence, stages: Sequence[LookStage]) -> Difference:
    """Estimate the difference over all messages, given the looks that led here.

    It is the share of discordant messages, times how much more often one model wins than the other.
    Both have an interval. They are combined by the method of variance estimates recovery, which
    takes the variance at each limit from the limits of the parts (Zou and Donner 2008,
    "Construction of confidence limits about effect measures: a general approach"): at a limit, the
    uncertainty of the share counts as far as one model wins more often there.
    """
    won, lost = int(evidence.won.sum()), int(evidence.lost.sum())
    discordant, messages = won + lost, evidence.messages
    if not messages:
        return Difference(0.0, -1.0, 1.0)
    tail = (1 - CONFIDENCE) / 2
    if not discordant:
        most = 1 - tail ** (1 / len(evidence))
        most *= len(evidence) / messages
        return Difference(0.0, -most, most)
    share = discordant / messages
    lead = (won - lost) / discordant
    share_error = float(norm.isf(tail)) * _discordant_deviation(evidence) / messages
    lowest, highest = (2 * limit - 1 for limit in share_won_interval(stages, won))
    value = share * lead
    below = math.hypot(share * (lead - lowest), lowest * share_error)
    above = math.hypot(share * (highest - lead), highest * share_error)
    return Difference(value, max(-1.0, value - below), min(1.0, value + above))


def _discordant_deviation(evidence: PairedEvidence) -> float:
    """Return the standard deviation of the number of discordant texts.

    It includes that of the share of disagreements among captured texts.
    """
    discordant = evidence.won | evidence.lost
    variance = 0.0
    for rows in (evidence.is_gold, ~evidence.is_gold):
        if n := int(rows.sum()):
            count = int(discordant[rows].sum())
            variance += count * (1 - count / n)
    captured = evidence.captured
    if captured is not None and captured.disagreements:
        pooled = int(discordant[~evidence.is_gold].sum())
        agreed = 1 - captured.disagreements / captured.texts
        variance += pooled**2 * agreed / captured.disagreements
    return math.sqrt(variance)
