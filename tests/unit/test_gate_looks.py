"""The test of superiority over all looks, held against SciPy."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, binomtest

from training.gate.looks import (
    Look,
    LookStage,
    binomial,
    find_boundary,
    mid_p_of_wins,
    share_won_interval,
    spending,
)
from training.gate.settings import GateSettings
from training.report.paired_tests import mcnemar_mid_p

SETTINGS = GateSettings()
STEP = 13
"""Discordant texts between two looks."""


def _boundaries(settings: GateSettings = SETTINGS, step: int = STEP) -> list[LookStage]:
    """Return all looks at evidence that grows in equal steps."""
    looks: list[Look] = []
    stages = []
    for number in range(1, settings.max_looks + 1):
        boundary = find_boundary(step * number, "old", looks, settings)
        looks.append(Look(champion="old", discordant=step * number, spent=boundary.spent))
        stages.append(LookStage(step * number, boundary.wins))
    return stages


def _first_decisions(share: float, walks: int) -> list[tuple[int, int, bool]]:
    """Return for each random walk the look that decides, the wins then, and if it promotes."""
    random = np.random.default_rng(7)
    stages = _boundaries()
    wins = random.binomial(STEP, share, (walks, len(stages))).cumsum(axis=1)
    decisions = []
    for walk in wins.tolist():
        for look, (stage, won) in enumerate(zip(stages, walk, strict=True)):
            is_last = look == len(stages) - 1
            if is_last or not stage.discordant - stage.boundary < won < stage.boundary:
                decisions.append((look, won, won >= stage.boundary))
                break
    return decisions


@pytest.mark.parametrize(("n", "share"), [(0, 0.5), (1, 0.3), (40, 0.5), (700, 0.62)])
def test_the_distribution_of_wins_is_binomial(n: int, share: float) -> None:
    assert binomial(n, share) == pytest.approx(binom.pmf(np.arange(n + 1), n, share), abs=1e-12)


@pytest.mark.parametrize(("won", "discordant"), [(0, 0), (0, 7), (4, 7), (7, 7), (90, 160)])
def test_the_one_sided_mid_p_leaves_out_half_of_the_observed_result(
    won: int, discordant: int
) -> None:
    exact = binomtest(won, discordant, alternative="greater").pvalue if discordant else 1.0

    assert mid_p_of_wins(won, discordant) == pytest.approx(
        exact - binom.pmf(won, discordant, 0.5) / 2
    )


def test_the_one_sided_mid_p_is_half_of_mc_nemars_two_sided_one() -> None:
    assert mid_p_of_wins(100, 160) == pytest.approx(mcnemar_mid_p(100, 60) / 2)


def test_the_first_look_promotes_where_mc_nemars_mid_p_is_at_most_what_it_may_spend() -> None:
    boundary = find_boundary(160, "old", (), SETTINGS)

    assert mid_p_of_wins(boundary.wins, 160) <= spending(1, SETTINGS)
    assert mid_p_of_wins(boundary.wins - 1, 160) > spending(1, SETTINGS)
    assert boundary.level == pytest.approx(mid_p_of_wins(boundary.wins, 160))
    assert boundary.spent == pytest.approx(binom.sf(boundary.wins - 1, 160, 0.5))


def test_a_gate_with_a_single_look_is_the_one_sided_test_itself() -> None:
    settings = GateSettings(max_looks=1)

    boundary = find_boundary(160, "old", (), settings)

    assert binom.isf(0.05, 160, 0.5) in {boundary.wins - 1, boundary.wins}


def test_all_looks_together_may_spend_the_significance() -> None:
    assert spending(0, SETTINGS) == 0
    assert spending(12, SETTINGS) == pytest.approx(0.05)
    assert spending(13, SETTINGS) == pytest.approx(0.05)


def test_an_equal_candidate_is_ever_promoted_as_rarely_as_the_significance_says() -> None:
    promoted = [promotes for _, _, promotes in _first_decisions(0.5, 20_000)]

    assert 0.035 < np.mean(promoted) < 0.055


def test_repeated_looks_at_a_fixed_level_promote_equal_candidates_far_more_often() -> None:
    wins = np.random.default_rng(7).binomial(STEP, 0.5, (4_000, 12)).cumsum(axis=1)
    totals = STEP * np.arange(1, 13)

    ever = (binom.sf(wins - 1, totals, 0.5) <= 0.05).any(axis=1)

    assert ever.mean() > 0.12


@pytest.mark.parametrize("share", [0.5, 0.6, 0.75])
def test_the_interval_at_the_look_that_decides_covers_the_share_95_times_in_100(
    share: float,
) -> None:
    stages = _boundaries()

    covered = []
    for look, won, _ in _first_decisions(share, 1_500):
        lower, upper = share_won_interval(stages[: look + 1], won)
        covered.append(lower <= share <= upper)

    assert 0.93 < np.mean(covered) < 0.975


@pytest.mark.parametrize(("won", "discordant"), [(0, 5), (5, 5), (3, 8), (100, 160)])
def test_the_interval_of_a_single_look_is_the_mid_p_interval_of_a_binomial_share(
    won: int, discordant: int
) -> None:
    def mid_p(share: float) -> float:
        tail = binom.sf(won - 1, discordant, share) - binom.pmf(won, discordant, share) / 2
        return float(tail)

    lower, upper = share_won_interval([LookStage(discordant, discordant + 1)], won)

    ends = (1e-9, 1 - 1e-9)
    expected_lower = brentq(lambda share: mid_p(share) - 0.025, *ends) if won else 0
    expected_upper = brentq(lambda share: mid_p(share) - 0.975, *ends) if won < discordant else 1
    assert (lower, upper) == pytest.approx((expected_lower, expected_upper), abs=1e-5)


def test_without_discordant_texts_nothing_is_known_of_the_share() -> None:
    assert share_won_interval([LookStage(0, 1)], 0) == (0, 1)


def test_what_looks_at_another_champion_spent_is_gone() -> None:
    looks = [Look(champion="older", discordant=50, spent=0.006)]

    with_others = find_boundary(160, "old", looks, SETTINGS)
    alone = find_boundary(160, "old", [Look(champion="old", discordant=0, spent=0)], SETTINGS)

    assert with_others.wins > alone.wins
    assert len(with_others.stages) == 1


def test_no_look_promotes_after_the_last_one() -> None:
    looks = [Look(champion="old", discordant=10, spent=0)] * 12

    boundary = find_boundary(1_000, "old", looks, SETTINGS)

    assert boundary.level == 0
    assert boundary.wins > 1_000


def test_evidence_that_shrinks_by_erasures_still_has_a_boundary() -> None:
    looks = [Look(champion="old", discordant=100, spent=0.005)]

    boundary = find_boundary(60, "old", looks, SETTINGS)

    assert 30 < boundary.wins <= 60
    assert [stage.discordant for stage in boundary.stages] == [60, 60]


def test_too_few_discordant_texts_cannot_promote_and_say_so_by_their_p_value() -> None:
    boundary = find_boundary(4, "old", (), SETTINGS)

    assert boundary.wins > 4
    assert mid_p_of_wins(4, 4) > boundary.level
