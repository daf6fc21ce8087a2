"""What evidence can show, and how much more would decide.

All levels are one-sided.
"""

import math

from scipy.stats import norm

from training.report.paired_tests import POWER, mcnemar_power


def superiority_power(
    messages: float, difference: float, discordance: float, level: float
) -> float:
    """Return the probability that a look shows that a candidate is better by `difference`.

    `discordance` is the share of the messages that one model alone answers correctly.
    """
    if level <= 0:
        return 0.0
    return mcnemar_power(round(messages), difference, max(discordance, difference), 2 * level)


def messages_needed(difference: float, discordance: float, level: float) -> float:
    """Return how many messages show a `difference` with a power of 80%.

    The formula is that of Connor (1987), "Sample size for testing differences in proportions for
    the paired-sample design". Infinite where the level is 0.
    """
    if level <= 0:
        return math.inf
    share = max(discordance, difference)
    by_chance = float(norm.isf(level)) * math.sqrt(share)
    by_difference = float(norm.ppf(POWER)) * math.sqrt(share - difference**2)
    return ((by_chance + by_difference) / difference) ** 2


def non_inferiority_power(
    messages: float, margin: float, discordance: float, level: float
) -> float:
    """Return the probability that equal models are shown to differ by less than `margin`.

    The score statistic is about normal, with the variance under the hypothesis that the candidate
    is worse by the margin.
    """
    if level <= 0 or not messages:
        return 0.0
    error = math.sqrt(max(discordance, margin * (1 - margin)) / messages)
    return float(norm.cdf(margin / error - norm.isf(level)))
