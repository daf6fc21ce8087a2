"""The comparison of a split's arms: what it measures, and what it never does too often."""

import math
import random
from collections.abc import Sequence

import pytest

from prompt_capture.domain.split_statistics import (
    ALPHA,
    MIN_USERS,
    boundary,
    compare_arms,
    measure_icc,
    required_information,
    sample_size,
)
from prompt_capture.domain.splits import Arm, OutcomeGroup


def make_users(arm: Arm, count: int, outcomes: int, successes: int) -> OutcomeGroup:
    return OutcomeGroup(arm=arm, users=count, outcomes=outcomes, successes=successes)


def users_with_icc(
    randomness: random.Random, arm: Arm, count: int, outcomes: int, rate: float, icc: float
) -> list[OutcomeGroup]:
    """Return users whose own rates have a beta distribution: outcomes of one correlate by `icc`."""
    size = (1 - icc) / icc
    rates = [randomness.betavariate(rate * size, (1 - rate) * size) for _ in range(count)]
    return [
        make_users(arm, 1, outcomes, sum(randomness.random() < own for _ in range(outcomes)))
        for own in rates
    ]


@pytest.mark.parametrize("icc", [0.02, 0.1, 0.4])
def test_the_icc_is_measured(icc: float) -> None:
    arms: list[Sequence[OutcomeGroup]] = [
        users_with_icc(random.Random(seed), "champion", 2_000, 12, rate, icc)
        for seed, rate in enumerate((0.7, 0.9))
    ]

    assert measure_icc(arms) == pytest.approx(icc, abs=0.02)


def test_users_who_always_succeed_or_always_fail_have_an_icc_of_1() -> None:
    always = make_users("champion", 80, 5, 5)
    never = make_users("champion", 20, 5, 0)

    assert measure_icc([[always, never]]) == 1


@pytest.mark.parametrize(
    "groups", [[], [make_users("champion", 9, 1, 1)], [make_users("champion", 1, 9, 5)]]
)
def test_without_a_second_outcome_or_user_the_icc_is_0(groups: list[OutcomeGroup]) -> None:
    assert measure_icc([groups]) == 0


def test_a_user_with_many_messages_counts_little_more_than_one_with_few() -> None:
    groups = [
        make_users("champion", 60, 5, 5),
        make_users("champion", 60, 5, 0),
        make_users("champion", 1, 5_000, 0),
        make_users("challenger", 60, 5, 5),
        make_users("challenger", 60, 5, 0),
    ]

    comparison = compare_arms(groups, 0.5)

    assert comparison.champion is not None
    assert comparison.champion.rate > 0.48


def test_a_challenger_that_mostly_fails_does_harm() -> None:
    groups = [make_users("champion", 300, 10, 9), make_users("challenger", 300, 10, 5)]

    comparison = compare_arms(groups, 0.5)

    assert comparison.difference == pytest.approx(-0.4)
    assert comparison.highest is not None
    assert comparison.shows_harm
    better = compare_arms(
        [make_users("champion", 300, 10, 5), make_users("challenger", 300, 10, 9)], 0.5
    )
    assert not better.shows_harm


def test_nothing_is_decided_with_few_users() -> None:
    groups = [make_users("champion", 900, 10, 9), make_users("challenger", MIN_USERS - 1, 90, 0)]

    comparison = compare_arms(groups, 0.1)

    assert comparison.difference == pytest.approx(-0.9)
    assert comparison.highest is None
    assert not comparison.shows_harm


def test_arms_without_a_failure_are_not_taken_for_certain() -> None:
    groups = [make_users("champion", 30, 1, 1), make_users("challenger", 30, 1, 1)]

    highest = compare_arms(groups, 0.5).highest

    assert highest is not None
    assert highest > 0.1


@pytest.mark.parametrize(
    "groups", [[], [make_users("champion", 50, 2, 1)], [make_users("challenger", 50, 2, 1)]]
)
def test_without_outcomes_in_both_arms_there_is_no_difference(groups: list[OutcomeGroup]) -> None:
    comparison = compare_arms(groups, 0.5)

    assert (comparison.difference, comparison.highest, comparison.sample_size) == (None, None, None)
    assert not comparison.shows_harm


def test_a_brownian_motion_rarely_exceeds_the_boundary() -> None:
    """Looks at 400 times, close together at first, up to an information of 100,000."""
    randomness = random.Random(0)
    times = [100_000 * (step / 400) ** 2 for step in range(1, 401)]
    bounds = list(map(boundary, times))
    exceeded = 0
    for _ in range(runs := 1_500):
        value = before = 0.0
        for time, bound in zip(times, bounds, strict=True):
            value += randomness.gauss(0, math.sqrt(time - before))
            before = time
            if value > bound:
                exceeded += 1
                break
    assert 0 < exceeded / runs <= ALPHA


def test_the_required_information_finds_a_loss_with_its_probability() -> None:
    randomness = random.Random(1)
    needed = required_information(0.05)
    step = needed / 100
    found = 0
    for _ in range(runs := 1_000):
        value = 0.0
        for number in range(1, 101):
            value += randomness.gauss(-0.05 * step, math.sqrt(step))
            if value < -boundary(number * step):
                found += 1
                break
    assert 0.74 < found / runs < 0.86


def test_the_sample_size_follows_from_the_icc() -> None:
    """The issue asks for 18,000 to 29,000 messages an arm, with 20 messages a user."""
    independent, correlated = (sample_size(0.82, icc, 20, 0.5) for icc in (0.0, 0.1))

    assert correlated.champion == correlated.challenger
    assert 18_000 <= correlated.champion <= 29_000
    assert correlated.champion / independent.champion == pytest.approx(2.9, abs=0.01)


def test_a_small_share_needs_more_messages_in_total() -> None:
    small, equal = sample_size(0.8, 0.05, 20, 0.1), sample_size(0.8, 0.05, 20, 0.5)

    assert small.challenger < equal.challenger
    assert small.champion + small.challenger > equal.champion + equal.challenger
