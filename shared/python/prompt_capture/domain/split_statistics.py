"""Compare the outcomes of a split's two arms, with the user as the unit, as often as one likes.

The messages of a user resemble each other, so they count less than those of as many users. How much
less, the intraclass correlation (ICC) says: m messages of each user are worth m / (1 + (m - 1) ICC)
independent ones. It is measured by the analysis of variance (Ridout, Demetrio and Firth 1999,
Estimating intraclass correlation for binary data, Biometrics 55).

A test that is repeated daily would find a difference between equal arms sooner or later. The bound
here is a confidence sequence: with probability 1 - alpha it holds on all days together. It is the
one-sided normal mixture of Howard, Ramdas, McAuliffe and Sekhon (2021, Time-uniform, nonparametric,
nonasymptotic confidence sequences, Annals of Statistics 49), with an estimated variance as in the
asymptotic confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024,
Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 52). An
estimated difference times its information, the inverse of its variance, moves like a Brownian
motion with the information as its time (Scharfstein, Tsiatis and Robins 1997, JASA 92).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from prompt_capture.domain.splits import Arm, OutcomeGroup

ALPHA = 0.05
"""The probability that equal arms are ever taken for harm."""

POWER = 0.8
DIFFERENCE = 0.02
"""The sample size is that which finds a loss of this size with this probability."""

MIN_USERS = 30
"""Nothing is decided with fewer users in an arm: the variance is not known well enough."""

_TUNING = 2_080.0
"""The bound is about tightest at 7 times this information, which finds a loss of 3 points."""

_TANGENTS = 200
_MAX_EXPONENT = 700.0


@dataclass(frozen=True)
class ArmSummary:
    """The outcomes of an arm.

    `rate` is the mean success rate, in which a user counts as much as their messages are worth.
    `variance` is that of `rate`.
    """

    users: int
    outcomes: int
    rate: float
    variance: float


@dataclass(frozen=True)
class SampleSize:
    """The outcomes that find a loss of `DIFFERENCE`, with the probability `POWER`, per arm."""

    champion: int
    challenger: int


@dataclass(frozen=True)
class ArmComparison:
    """What the outcomes say about the challenger.

    `difference` is its success rate less that of the champion, and `highest` the upper bound of the
    confidence sequence for it. `sample_size` is None without an outcome in both arms.
    """

    champion: ArmSummary | None
    challenger: ArmSummary | None
    icc: float
    difference: float | None
    highest: float | None
    sample_size: SampleSize | None

    @property
    def shows_harm(self) -> bool:
        """Whether the challenger is worse than the champion, beyond chance."""
        return self.highest is not None and self.highest < 0


def compare_arms(groups: Sequence[OutcomeGroup], share: float) -> ArmComparison:
    """Compare the arms of a split. `share` is the share of the challenger's users."""
    by_arm: dict[Arm, list[OutcomeGroup]] = {"champion": [], "challenger": []}
    for group in groups:
        by_arm[group.arm].append(group)
    icc = measure_icc(list(by_arm.values()))
    champion, challenger = (_summarise(arm, icc) for arm in by_arm.values())
    if champion is None or challenger is None:
        return ArmComparison(champion, challenger, icc, None, None, None)
    difference = challenger.rate - champion.rate
    highest = None
    if min(champion.users, challenger.users) >= MIN_USERS:
        information = 1 / (champion.variance + challenger.variance)
        highest = difference + boundary(information) / information
    size = sample_size(champion.rate, icc, _messages_per_user(groups), share)
    return ArmComparison(champion, challenger, icc, difference, highest, size)


def boundary(information: float, alpha: float = ALPHA, tuning: float = _TUNING) -> float:
    """Return the one-sided normal mixture boundary.

    A Brownian motion at the time `information` ever exceeds it with probability `alpha` at most.
    """
    sum_ = information + tuning
    return math.sqrt(2 * sum_ * math.log(math.sqrt(sum_ / tuning) / (2 * alpha) + 1))


def measure_icc(arms: Iterable[Sequence[OutcomeGroup]]) -> float:
    """Return the intraclass correlation of the outcomes of a user, from 0 to 1.

    It is the estimator of the analysis of variance within arms, whose rates may differ. Return 0
    where no user has a second outcome.
    """
    between = within = spread = 0.0
    users = outcomes = arm_count = 0
    for groups in arms:
        total = sum(group.users * group.outcomes for group in groups)
        if not total:
            continue
        mean = sum(group.users * group.successes for group in groups) / total
        for group in groups:
            rate = group.successes / group.outcomes
            between += group.users * group.outcomes * (rate - mean) ** 2
            within += group.users * group.outcomes * rate * (1 - rate)
        spread += sum(group.users * group.outcomes**2 for group in groups) / total
        users += sum(group.users for group in groups)
        outcomes += total
        arm_count += 1
    if users <= arm_count or outcomes <= users:
        return 0.0
    between /= users - arm_count
    within /= outcomes - users
    typical = (outcomes - spread) / (users - arm_count)
    denominator = between + (typical - 1) * within
    return min(1.0, max(0.0, (between - within) / denominator)) if denominator > 0 else 0.0


def sample_size(rate: float, icc: float, messages_per_user: float, share: float) -> SampleSize:
    """Return how many outcomes of each arm find a loss of `DIFFERENCE` from `rate`.

    `messages_per_user` are those of a typical user.
    """
    lower = max(rate - DIFFERENCE, 0.0)
    spread = rate * (1 - rate) / (1 - share) + lower * (1 - lower) / share
    effect = 1 + (messages_per_user - 1) * icc
    total = required_information(DIFFERENCE) * spread * effect
    return SampleSize(math.ceil(total * (1 - share)), math.ceil(total * share))


@cache
def required_information(loss: float, power: float = POWER) -> float:
    """Return the information by which a loss is found with that probability."""
    lowest, highest = 0.0, 1.0
    while _probability_of_stopping(loss, highest) < power:
        highest *= 2
    for _ in range(40):
        middle = (lowest + highest) / 2
        if _probability_of_stopping(loss, middle) < power:
            lowest = middle
        else:
            highest = middle
    return highest


def _probability_of_stopping(loss: float, information: float) -> float:
    """Return the probability that a loss is found by some information, or a little less.

    The boundary is concave, so each tangent lies above it. For a line, the probability that a
    Brownian motion with drift crosses it is known; the best tangent gives the lower bound.
    """
    root = math.sqrt(information)
    best = 0.0
    for step in range(1, _TANGENTS + 1):
        at = information * step / _TANGENTS
        slope = (boundary(at * 1.001) - boundary(at * 0.999)) / (0.002 * at)
        intercept = boundary(at) - slope * at
        drift = loss - slope
        crossed = _normal_probability((drift * information - intercept) / root)
        exponent = 2 * intercept * drift
        if exponent < _MAX_EXPONENT:  # beyond it, the term is negligible
            reflected = _normal_probability((-drift * information - intercept) / root)
            crossed += math.exp(exponent) * reflected
        best = max(best, crossed)
    return best


def _normal_probability(value: float) -> float:
    """Return the probability that a standard normal variable is at most `value`."""
    return math.erfc(-value / math.sqrt(2)) / 2


def _summarise(groups: Sequence[OutcomeGroup], icc: float) -> ArmSummary | None:
    """Return the weighted mean of the users' success rates. None without an outcome.

    The variance is the larger one of two: that between the users, and that which the correlation
    predicts from the rate, which is never 0.
    """
    users = sum(group.users for group in groups)
    if not users:
        return None
    worth = [group.outcomes / (1 + (group.outcomes - 1) * icc) for group in groups]
    total = sum(group.users * weight for group, weight in zip(groups, worth, strict=True))
    successes = sum(
        group.users * weight * group.successes / group.outcomes
        for group, weight in zip(groups, worth, strict=True)
    )
    rate = successes / total
    squares = sum(
        group.users * (weight * (group.successes / group.outcomes - rate)) ** 2
        for group, weight in zip(groups, worth, strict=True)
    )
    between = squares / total**2 * users / max(users - 1, 1)
    smoothed = (successes + 1) / (total + 2)
    predicted = smoothed * (1 - smoothed) / total
    outcomes = sum(group.users * group.outcomes for group in groups)
    return ArmSummary(users, outcomes, rate, max(between, predicted))


def _messages_per_user(groups: Sequence[OutcomeGroup]) -> float:
    """Return the mean number of outcomes of the user of an outcome."""
    outcomes = sum(group.users * group.outcomes for group in groups)
    return sum(group.users * group.outcomes**2 for group in groups) / outcomes
