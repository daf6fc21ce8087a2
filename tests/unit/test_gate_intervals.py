"""The interval of the difference in accuracy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from tests.unit.gate_evidence import make_evidence
from training.gate.evidence import CapturedCounts, PairedEvidence
from training.gate.intervals import Difference, estimate_difference
from training.gate.looks import LookStage


def _estimate(evidence: PairedEvidence) -> Difference:
    discordant = int((evidence.won | evidence.lost).sum())
    return estimate_difference(evidence, [LookStage(discordant, discordant + 1)])


def _pool(evidence: PairedEvidence, texts: int, disagreements: int) -> PairedEvidence:
    counts = CapturedCounts(texts, disagreements)
    return replace(evidence, is_gold=np.zeros(len(evidence), bool), captured=counts)


def _bonett_price(won: int, lost: int, n: int) -> tuple[float, float]:
    """Return the interval of Bonett and Price (2012), which `compare` uses."""
    share_won, share_lost = (won + 1) / (n + 2), (lost + 1) / (n + 2)
    difference = share_won - share_lost
    half = norm.isf(0.025) * np.sqrt((share_won + share_lost - difference**2) / (n + 2))
    return difference - half, difference + half


@pytest.mark.parametrize("counts", [(100, 60, 2_000), (30, 28, 600), (90, 10, 1_000)])
def test_the_interval_of_a_single_look_is_close_to_that_of_a_plain_comparison(
    counts: tuple[int, int, int],
) -> None:
    won, lost, n = counts

    estimate = _estimate(make_evidence(won, lost, n - won - lost))

    assert estimate[1:] == pytest.approx(_bonett_price(*counts), abs=0.0035)


@pytest.mark.parametrize("difference", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("kind", ["messages", "disagreements"])
def test_the_interval_covers_the_difference_95_times_in_100(difference: float, kind: str) -> None:
    random = np.random.default_rng(11)
    captured, share, discordance = 20_000, 0.1, 0.08
    won_share = (discordance + difference) / 2
    covered = []
    for _ in range(1_000):
        if kind == "messages":
            shares = [won_share, discordance - won_share, 1 - discordance]
            evidence = make_evidence(*random.multinomial(1_000, shares).tolist())
        else:
            shares = [won_share, discordance - won_share, share - discordance]
            counts = random.multinomial(150, [each / share for each in shares]).tolist()
            disagreements = int(random.binomial(captured, share))
            evidence = _pool(make_evidence(*counts), captured, disagreements)
        estimate = _estimate(evidence)
        covered.append(estimate.lower <= difference <= estimate.upper)

    assert 0.93 < np.mean(covered) < 0.97


def test_disagreements_alone_give_the_interval_of_the_messages_that_they_stand_for() -> None:
    plain = _estimate(make_evidence(won=100, lost=60, agreed=1_840))

    pooled = _estimate(_pool(make_evidence(won=100, lost=60), 10_000, 800))

    assert pooled.value == pytest.approx(plain.value)
    assert pooled.lower == pytest.approx(plain.lower, abs=0.001)
    assert pooled.upper == pytest.approx(plain.upper, abs=0.002)


def test_without_discordant_texts_the_interval_narrows_with_the_number_of_texts() -> None:
    few, many = _estimate(make_evidence(agreed=50)), _estimate(make_evidence(agreed=5_000))

    assert (few.lower, few.upper) == pytest.approx((-0.071, 0.071), abs=0.001)
    assert many.upper < 0.001


def test_a_candidate_that_wins_every_discordant_text_has_an_interval_within_the_shares() -> None:
    estimate = _estimate(make_evidence(won=5, agreed=95))

    assert 0 < estimate.lower < estimate.value == 0.05 < estimate.upper < 0.12
