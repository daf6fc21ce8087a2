"""Tests of paired rates against a margin, and of power, held against SciPy and simulations."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from training.gate.looks import mid_p_of_wins
from training.gate.paired_rates import p_not_worse, p_worse, score_statistic
from training.gate.power import messages_needed, non_inferiority_power, superiority_power


def _statistic_by_search(won: int, lost: int, n: int, difference: float) -> float:
    """Return the score statistic with the restricted maximum likelihood found by search."""

    def minus_log_likelihood(lost_share: float) -> float:
        won_share = lost_share + difference
        rest = 1 - won_share - lost_share
        return -(
            won * math.log(won_share)
            + lost * math.log(lost_share)
            + (n - won - lost) * math.log(rest)
        )

    edges = (max(1e-9, 1e-9 - difference), (1 - difference) / 2 - 1e-9)
    found = minimize_scalar(
        minus_log_likelihood, bounds=edges, method="bounded", options={"xatol": 1e-12}
    )
    variance = n * (2 * found.x + difference - difference**2)
    return (won - lost - n * difference) / math.sqrt(variance)


@pytest.mark.parametrize("counts", [(12, 5, 100), (3, 9, 44), (160, 140, 5_000)])
@pytest.mark.parametrize("difference", [-0.05, -0.01, 0.02])
def test_the_score_statistic_uses_the_restricted_maximum_likelihood(
    counts: tuple[int, int, int], difference: float
) -> None:
    assert score_statistic(*counts, difference) == pytest.approx(
        _statistic_by_search(*counts, difference), abs=1e-4
    )


def test_without_a_margin_the_score_statistic_is_the_root_of_mc_nemars() -> None:
    assert score_statistic(30, 18, 500, 0) == pytest.approx(12 / math.sqrt(48))


def test_nothing_is_shown_without_messages_or_without_discordant_ones() -> None:
    assert p_not_worse(0, 0, 0, 0.01) == 0.5
    assert p_worse(0, 0, 0, 0.01) == 0.5


def test_equal_models_on_many_messages_are_shown_to_be_within_the_margin() -> None:
    assert p_not_worse(0, 0, 5_000, 0.01) < 0.001
    assert p_worse(0, 0, 5_000, 0.01) > 0.999


@pytest.mark.parametrize("margin", [0.01, 0.05])
def test_a_candidate_that_is_worse_by_the_margin_is_rarely_shown_to_be_within_it(
    margin: float,
) -> None:
    random = np.random.default_rng(3)
    n, discordance = 2_000, 0.08
    shares = [(discordance - margin) / 2, (discordance + margin) / 2]
    draws = random.multinomial(n, [*shares, 1 - discordance], 3_000)

    within = [p_not_worse(won, lost, n, margin) <= 0.05 for won, lost, _ in draws.tolist()]
    beyond = [p_worse(won, lost, n, margin) <= 0.05 for won, lost, _ in draws.tolist()]

    assert 0.03 < np.mean(within) < 0.065
    assert 0.03 < np.mean(beyond) < 0.065


def test_the_power_of_a_look_is_how_often_it_shows_a_difference() -> None:
    draws = np.random.default_rng(3).multinomial(2_000, [0.05, 0.03, 0.92], 3_000)

    shown = [mid_p_of_wins(won, won + lost) <= 0.0067 for won, lost, _ in draws.tolist()]

    assert superiority_power(2_000, 0.02, 0.08, 0.0067) == pytest.approx(np.mean(shown), abs=0.03)


def test_the_power_of_non_inferiority_is_how_often_equal_models_pass() -> None:
    draws = np.random.default_rng(3).multinomial(4_000, [0.02, 0.02, 0.96], 3_000)

    shown = [p_not_worse(won, lost, 4_000, 0.01) <= 0.01 for won, lost, _ in draws.tolist()]

    assert non_inferiority_power(4_000, 0.01, 0.04, 0.01) == pytest.approx(np.mean(shown), abs=0.05)


@pytest.mark.parametrize("discordance", [0.03, 0.08, 0.2])
def test_the_missing_messages_have_a_power_of_80_percent(discordance: float) -> None:
    needed = messages_needed(0.02, discordance, 0.0067)

    assert superiority_power(needed, 0.02, discordance, 0.0067) == pytest.approx(0.8, abs=0.05)


def test_no_number_of_messages_shows_anything_at_the_level_0() -> None:
    assert messages_needed(0.02, 0.08, 0) == math.inf
    assert superiority_power(1_000, 0.02, 0.08, 0) == 0
    assert non_inferiority_power(1_000, 0.01, 0.08, 0) == 0


def test_the_p_values_of_both_sides_of_a_margin_add_up_to_one() -> None:
    assert p_worse(5, 9, 200, 0.02) + p_not_worse(5, 9, 200, 0.02) == pytest.approx(1)
    assert norm.sf(score_statistic(5, 9, 200, -0.02)) == pytest.approx(p_not_worse(5, 9, 200, 0.02))
