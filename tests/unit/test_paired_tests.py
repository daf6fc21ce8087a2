"""The statistics of two models on the same messages, against SciPy and against definitions."""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, multinomial, permutation_test

from training.calibrate.confidence import expected_calibration_error
from training.report.paired_tests import (
    Confidences,
    calibration_test,
    excess_calibration_error,
    holm,
    mcnemar_mid_p,
    mcnemar_power,
    select_testable,
    smallest_difference,
)

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=7)


@pytest.mark.parametrize(("won", "lost", "p_value"), [(1, 7, 0.0391), (6, 16, 0.0347)])
def test_the_mid_p_value_is_that_of_the_published_examples(
    won: int, lost: int, p_value: float
) -> None:
    """Fagerland, Lydersen and Laake 2013, table 5."""
    assert mcnemar_mid_p(won, lost) == pytest.approx(p_value, abs=5e-5)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_mid_p_value_counts_half_of_what_is_as_extreme_as_the_data(won: int, lost: int) -> None:
    n, fewer = won + lost, min(won, lost)
    if n == 0:
        assert mcnemar_mid_p(won, lost) == 1
        return
    exact = binomtest(fewer, n, alternative="less").pvalue
    beyond = binomtest(fewer - 1, n, alternative="less").pvalue if fewer else 0.0

    assert mcnemar_mid_p(won, lost) == pytest.approx(min(1.0, exact + beyond))
    assert mcnemar_mid_p(won, lost) == mcnemar_mid_p(lost, won)


@given(PROBABILITIES)
def test_holms_correction_is_the_closure_of_bonferronis(p_values: list[float]) -> None:
    rows = range(len(p_values))
    subsets = list(chain.from_iterable(combinations(rows, n + 1) for n in rows))
    closed = [
        max(min(1, len(s) * min(p_values[j] for j in s)) for s in subsets if row in s)
        for row in rows
    ]

    assert holm(p_values) == pytest.approx(closed)


def test_a_family_without_hypotheses_needs_no_correction() -> None:
    assert holm([]) == []


@given(st.lists(st.integers(0, 12), max_size=30))
def test_only_hypotheses_that_the_data_could_reject_are_tested(discordant: list[int]) -> None:
    selected = select_testable(discordant, 0.05)

    best = sorted(0.5 ** discordant[row] for row in selected)
    assert all(p_value <= 0.05 / len(selected) for p_value in best)
    left_out = [count for row, count in enumerate(discordant) if row not in selected]
    assert all(count < min(discordant[row] for row in selected) for count in left_out if selected)


def test_two_lost_intents_are_tested_although_most_intents_have_no_discordant_messages() -> None:
    discordant = [7, 0, 1, 8, *[0] * 40]

    assert select_testable(discordant, 0.05) == [0, 3]
    assert all(p <= 0.05 for p in holm([mcnemar_mid_p(0, 7), mcnemar_mid_p(0, 8)]))


@pytest.mark.parametrize(
    ("n", "difference", "discordance"), [(12, 0.3, 0.5), (15, 0.6, 0.6), (9, 0, 0.4)]
)
def test_the_power_is_the_probability_of_all_tables_that_show_a_loss(
    n: int, difference: float, discordance: float
) -> None:
    lost_share = (discordance + difference) / 2
    shares = [discordance - lost_share, lost_share, 1 - discordance]
    expected = sum(
        multinomial.pmf([won, lost, n - won - lost], n, shares)
        for won in range(n + 1)
        for lost in range(n + 1 - won)
        if lost > won and mcnemar_mid_p(won, lost) <= 0.05
    )

    assert mcnemar_power(n, difference, discordance, 0.05) == pytest.approx(expected)


@given(n=st.integers(6, 3000), share=st.floats(0, 0.6))
@settings(max_examples=40)
def test_the_smallest_difference_is_shown_with_a_power_of_80_percent(n: int, share: float) -> None:
    discordance = round(n * share) / n
    difference = smallest_difference(n, discordance)

    assert difference is not None
    assert mcnemar_power(n, difference, max(discordance, difference)) == pytest.approx(
        0.8, abs=0.01
    )


def test_more_messages_show_a_smaller_difference() -> None:
    found = [smallest_difference(n, 0.1) for n in (100, 200, 1000, 10_000)]

    assert found == sorted(found, key=lambda one: -(one or 0))
    assert found[1] == pytest.approx(0.065, abs=0.01)


def test_four_messages_show_no_difference_however_large() -> None:
    assert smallest_difference(4, 0) is None
    assert smallest_difference(4, 1) is None
    assert smallest_difference(0, 0) is None


def _draw(random: np.random.Generator, n: int, accuracy: float, shift: float = 0) -> Confidences:
    """Draw predictions with a mean accuracy; their confidences are too high by `shift`."""
    true = random.beta(10 * accuracy, 10 * (1 - accuracy), n)
    return Confidences(np.clip(true + shift, 0, 1), random.random(n) < true)


@pytest.mark.parametrize("accuracy", [0.6, 0.8, 0.95])
def test_true_confidences_have_no_excess_calibration_error(accuracy: float) -> None:
    random = np.random.default_rng(0)
    models = [_draw(random, 200, accuracy) for _ in range(300)]

    assert np.mean([expected_calibration_error(*one) for one in models]) > 0.02
    assert abs(np.mean([excess_calibration_error(one) for one in models])) < 0.005


def test_the_p_value_of_the_calibration_is_that_of_a_permutation_test() -> None:
    random = np.random.default_rng(3)
    new, old = _draw(random, 10, 0.7, 0.25), _draw(random, 10, 0.8)
    confidences = np.concatenate([new.confidences, old.confidences])
    correct = np.concatenate([new.correct, old.correct])

    def difference(one: np.ndarray, other: np.ndarray) -> float:
        first, second = (
            excess_calibration_error(Confidences(confidences[rows], correct[rows]))
            for rows in (one.astype(int), other.astype(int))
        )
        return first - second

    rows = np.arange(20.0)
    exact = permutation_test(
        (rows[:10], rows[10:]), difference, permutation_type="samples", n_resamples=np.inf
    )
    result = calibration_test(new, old)
    assert result.difference == pytest.approx(exact.statistic)
    assert result.p_value == pytest.approx(exact.pvalue, abs=0.02)


def test_equal_calibration_is_rarely_called_different() -> None:
    random = np.random.default_rng(0)
    p_values = [
        calibration_test(_draw(random, 200, 0.7), _draw(random, 200, 0.9), 500).p_value
        for _ in range(200)
    ]

    assert np.mean(np.array(p_values) <= 0.05) <= 0.09


def test_the_smallest_difference_in_calibration_is_mostly_found() -> None:
    random = np.random.default_rng(0)
    first = calibration_test(_draw(random, 400, 0.8), _draw(random, 400, 0.8), 500)
    shifted = [
        calibration_test(_draw(random, 400, 0.8, 0.15), _draw(random, 400, 0.8), 500)
        for _ in range(20)
    ]

    assert 0.02 < first.smallest_difference < 0.1
    assert sum(one.p_value <= 0.05 for one in shifted) >= 16


def test_a_model_is_calibrated_as_well_as_itself() -> None:
    one = _draw(np.random.default_rng(0), 50, 0.8)

    result = calibration_test(one, one)

    assert (result.difference, result.p_value) == (0, 1)
