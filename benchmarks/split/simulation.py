"""Simulate a split: users arrive over the days, and their outcomes are compared every day."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.split_statistics import compare_arms
from prompt_capture.domain.splits import Arm, OutcomeGroup

Counts = NDArray[np.int64]
MESSAGES_PER_USER = 20
"""The mean: a user sends between a third and five thirds of it."""

USER_DAYS = 14
"""The messages of a user are spread over so many days from the first one on."""


@dataclass(frozen=True)
class SplitScenario:
    """Success rates of both arms, the correlation within users, and the size of a split."""

    champion: float
    challenger: float
    icc: float
    days: int = 30
    users: int = 2_400
    share: float = 0.5


@dataclass(frozen=True)
class SimulatedSplit:
    """`stopped_on` is the day on which the split was stopped, or None. `outcomes` are per arm."""

    stopped_on: int | None
    outcomes: int


def simulate(scenario: SplitScenario, random: np.random.Generator) -> SimulatedSplit:
    """Run a split once, evaluated at the end of each day as the service does it."""
    arms = random.random(scenario.users) < scenario.share
    rates = _user_rates(scenario, arms, random)
    messages = _messages_by_day(scenario, random)
    successes = random.binomial(messages, rates[:, None])
    sent, succeeded = messages.cumsum(axis=1), successes.cumsum(axis=1)
    for day in range(scenario.days):
        groups = _groups(arms, sent[:, day], succeeded[:, day])
        if compare_arms(groups, scenario.share).shows_harm:
            return SimulatedSplit(day + 1, int(sent[:, day].sum()) // 2)
    return SimulatedSplit(None, int(sent[:, -1].sum()) // 2)


def _user_rates(
    scenario: SplitScenario, arms: NDArray[np.bool_], random: np.random.Generator
) -> NDArray[np.float64]:
    """Return each user's own success rate: beta distributed, so that outcomes correlate by ICC."""
    means = np.where(arms, scenario.challenger, scenario.champion)
    if scenario.icc == 0:
        return means
    size = (1 - scenario.icc) / scenario.icc
    return random.beta(means * size, (1 - means) * size)


def _messages_by_day(scenario: SplitScenario, random: np.random.Generator) -> Counts:
    """Return how many messages each user sends on each day [users, days]."""
    totals = random.integers(MESSAGES_PER_USER // 3, 2 * MESSAGES_PER_USER - 6, scenario.users)
    last_start = max(scenario.days - USER_DAYS, 1)
    starts = random.integers(0, last_start, scenario.users)
    days = np.arange(scenario.days)
    is_active = (days >= starts[:, None]) & (days < starts[:, None] + USER_DAYS)
    weights = is_active / is_active.sum(axis=1, keepdims=True)
    counts: Counts = random.multinomial(totals, weights)
    return counts


def _groups(arms: NDArray[np.bool_], sent: Counts, succeeded: Counts) -> tuple[OutcomeGroup, ...]:
    """Return how many users of an arm have how many outcomes and successes, as the store does."""
    users = Counter(zip(arms.tolist(), sent.tolist(), succeeded.tolist(), strict=True))
    names: dict[bool, Arm] = {False: "champion", True: "challenger"}
    return tuple(
        OutcomeGroup(arm=names[arm], outcomes=outcomes, successes=successes, users=count)
        for (arm, outcomes, successes), count in users.items()
        if outcomes
    )
