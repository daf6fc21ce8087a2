"""The sequential tests: against closed forms, a library, and simulated streams."""

import numpy as np
import pytest
from scipy import linalg, stats

from prompt_capture.domain.monitoring.budgets import (
    ACCURACY_DROP,
    FALSE_ALARMS_PER_YEAR,
    SILENCE_THRESHOLD,
)
from prompt_capture.domain.monitoring.drops import (
    LAG_DAYS,
    MAX_SQUARE,
    PRIOR_DAYS,
    Drop,
    drop_evidence,
    firing,
)
from prompt_capture.domain.monitoring.findings import RULES
from prompt_capture.domain.monitoring.shares import (
    BURN_IN_DAYS,
    Shift,
    cusum_threshold,
    share_evidence,
)
from prompt_capture.domain.monitoring.silence import HISTORY_HOURS, missing_events


def test_the_budgets_of_all_rules_are_one_false_alarm_a_quarter() -> None:
    assert set(FALSE_ALARMS_PER_YEAR) == set(RULES)
    assert sum(FALSE_ALARMS_PER_YEAR.values()) <= 4


def mean_time_to_alarm(allowance: float, threshold: float, states: int = 400) -> float:
    """Return the mean time of a CUSUM of normal days, by a Markov chain (Brook and Evans 1972)."""
    width = threshold / (states - 0.5)
    centres = np.arange(states) * width
    upper = centres[None, :] + width / 2 - centres[:, None] + allowance
    below = stats.norm.cdf(upper)
    moves = np.diff(below, axis=1, prepend=0)
    moves[:, 0] = below[:, 0]
    times = linalg.solve(np.eye(states) - moves, np.ones(states))
    return float(times[0])


@pytest.mark.parametrize("allowance", [0.5, 1.0, 1.25])
@pytest.mark.parametrize("days", [365, 3650, 16060])
def test_the_threshold_of_a_cusum_gives_the_wanted_time_between_false_alarms(
    allowance: float, days: float
) -> None:
    threshold = cusum_threshold(allowance, days)

    assert mean_time_to_alarm(allowance, threshold) == pytest.approx(days, rel=0.15)


def test_the_evidence_of_a_known_share_is_the_shiryaev_roberts_statistic() -> None:
    rng = np.random.default_rng(1)
    total = np.full((50, 3), 20.0)
    good = rng.binomial(20, 0.9, (50, 3)).astype(float)
    drop = Drop(np.array([0.9]), np.array([0.85]), threshold=1e6)

    evidence = drop_evidence(good, total, drop)

    ratios = stats.binom.pmf(good, total, 0.85) / stats.binom.pmf(good, total, 0.9)
    ratios = ratios ** (1 / evidence.overdispersion)
    for day in (0, 10, 49):
        expected = sum(np.prod(ratios[start : day + 1], axis=0) for start in range(day + 1))
        assert evidence.statistic[day] == pytest.approx(expected)


def test_independent_counts_have_no_overdispersion_and_repeated_ones_have() -> None:
    rng = np.random.default_rng(2)
    total = np.full((300, 40), 60.0)
    independent = rng.binomial(60, 0.9, total.shape).astype(float)
    in_triples = 3.0 * rng.binomial(20, 0.9, total.shape)

    def factor(good: np.ndarray) -> float:
        return float(drop_evidence(good, total, ACCURACY_DROP).overdispersion[-1].mean())

    assert factor(independent) == pytest.approx(1.0, abs=0.1)
    assert factor(in_triples) == pytest.approx(3.0, rel=0.15)


def test_the_overdispersion_of_a_known_share_is_the_mean_chi_squared_of_the_past() -> None:
    rng = np.random.default_rng(8)
    total = np.full(60, 30.0)
    good = np.minimum(30.0, 3.0 * rng.binomial(10, 0.9, 60))
    drop = Drop(np.array([0.9]), np.array([0.85]), threshold=1e6)

    evidence = drop_evidence(good[:, None], total[:, None], drop)

    squares = stats.chisquare([good, total - good], [0.9 * total, 0.1 * total]).statistic
    past = np.minimum(squares, MAX_SQUARE)[: 60 - LAG_DAYS]
    expected = (PRIOR_DAYS + past.sum()) / (PRIOR_DAYS + len(past))
    assert evidence.overdispersion[-1, 0] == pytest.approx(expected)
    assert expected > 1.5


def test_false_alarms_about_accuracy_are_rarer_than_allowed() -> None:
    rng = np.random.default_rng(3)
    total = np.full((365, 400), 50.0)
    good = rng.binomial(50, 0.9, total.shape).astype(float)
    is_open = firing(
        drop_evidence(good, total, ACCURACY_DROP).statistic, ACCURACY_DROP.threshold, 1
    )

    alarms = is_open.any(axis=0).mean()

    assert 0.05 < alarms < FALSE_ALARMS_PER_YEAR["accuracy_dropped"]


def test_days_without_audits_change_nothing() -> None:
    good = np.array([[9.0], [8.0], [0.0], [0.0]])
    total = np.array([[10.0], [10.0], [0.0], [0.0]])

    statistic = drop_evidence(good, total, ACCURACY_DROP).statistic

    assert statistic[3] == pytest.approx(statistic[1])


def test_an_alert_stays_open_until_the_evidence_is_gone() -> None:
    evidence = np.array([[1.0], [10.0], [6.0], [4.0], [6.0]])

    assert firing(evidence, 10, 5)[:, 0].tolist() == [False, True, True, False, False]


def test_one_day_alone_raises_no_alert_about_shares_and_a_lasting_change_does() -> None:
    shift = Shift(0.2, 1.0, 3.0, cusum_threshold(1.0, 16060))
    rng = np.random.default_rng(4)
    totals = np.full((120, 2), 1000.0)
    counts = rng.poisson(100, totals.shape).astype(float)
    counts[100, 0] = 900
    counts[100:, 1] *= 2

    rising = share_evidence(counts, totals, shift).rising

    assert rising[100:, 0].max() < shift.threshold
    assert rising[104, 1] >= shift.threshold
    assert (rising[:BURN_IN_DAYS] == 0).all()


def test_silence_counts_the_independent_messages_that_are_missing() -> None:
    rng = np.random.default_rng(5)
    hours = rng.poisson(10, (1500, 50)).astype(float)
    hours[1400:1406] = 0

    missing = missing_events(hours)

    assert 40 < missing[1405].mean() < 60, "six hours of ten messages, counted with caution"
    assert (missing[1405] > SILENCE_THRESHOLD).all()
    assert (missing[1406] == 0).all()
    assert (missing[:HISTORY_HOURS] == 0).all()


def test_sparse_traffic_makes_no_silence() -> None:
    rng = np.random.default_rng(6)
    hours = rng.poisson(0.2, (2000, 50)).astype(float)

    assert missing_events(hours).max() < SILENCE_THRESHOLD
