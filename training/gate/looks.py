"""The test of superiority over all looks at a candidate.

Whoever looks at growing evidence again and again, and promotes when the p-value is first small
enough, promotes equal candidates far more often than the p-value says. So all looks share one
significance: each may spend a part of it (Lan and DeMets 1983, "Discrete sequential boundaries for
clinical trials"), by the spending function of Pocock's type over the number of looks. It leaves the
first look a seventh of the whole, since most candidates get few looks.

Given the numbers of discordant texts, how many of them a candidate has won is a random walk: of an
equal candidate, each is won with probability 1/2. Its distribution at each look is computed exactly
(the recursion of Armitage, McPherson and Rowe 1969, "Repeated significance tests on accumulating
data", with binomial steps). At the first look, the test is McNemar's mid-p test, and at later ones
its mid-p is that of reaching the boundary at this look and at none before. What a look spends is
counted in full, not by half, so that discreteness does not add up.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtrc, gammaln

from prompt_capture.domain.types import FrozenModel
from training.gate.settings import GateSettings

Floats = NDArray[np.floating]

CONFIDENCE = 0.95
_EDGE = 1e-9
"""How close to 0 and 1 a share is searched."""


class Look(FrozenModel):
    """An earlier verdict on the same candidate, as far as the next one depends on it.

    `discordant` counts the texts that one model alone answered correctly, and `spent` is the part
    of the significance that this look used up.
    """

    champion: str
    discordant: int
    spent: float


class LookStage(NamedTuple):
    """A look at the walk: at `boundary` wins of `discordant` texts, the candidate is promoted.

    At as many losses, it is rejected. A boundary above `discordant` cannot be reached.
    """

    discordant: int
    boundary: int


class Boundary(NamedTuple):
    """What one look promotes.

    `wins` is the least number of discordant texts to win, and `level` the largest one-sided mid-p
    of McNemar's test with which the look promotes. It uses up `spent` of the significance, and
    `share`, at most, before any other look is considered. `stages` are the looks so far, this one
    included.
    """

    wins: int
    level: float
    spent: float
    share: float
    stages: tuple[LookStage, ...]


def spending(look: int, settings: GateSettings) -> float:
    """Return the significance that the looks up to number `look` may spend together."""
    time = min(1.0, look / settings.max_looks)
    return settings.significance * math.log1p((math.e - 1) * time)


def find_boundary(
    discordant: int, champion: str, looks: Sequence[Look], settings: GateSettings
) -> Boundary:
    """Return what the look after `looks` promotes, with `discordant` texts.

    Looks at a comparison with another champion are another walk: what they spent is gone. Evidence
    may shrink, by erasures; the earlier looks then count as looks at what is left of it.
    """
    walk = _Walk()
    spent, stages = 0.0, []
    for number, look in enumerate(looks, 1):
        if look.champion != champion:
            spent += look.spent
            continue
        step = walk.advance(min(look.discordant, discordant), spending(number, settings) - spent)
        stages.append(LookStage(walk.discordant, step.boundary))
        spent += step.spent
    share = spending(len(looks) + 1, settings) - spending(len(looks), settings)
    if share <= 0:  # all looks are used up
        stages.append(LookStage(discordant, discordant + 1))
        return Boundary(discordant + 1, 0.0, 0.0, 0.0, tuple(stages))
    available = spending(len(looks) + 1, settings) - spent
    step = walk.advance(discordant, available)
    stages.append(LookStage(discordant, step.boundary))
    reachable = step.boundary <= discordant
    level = mid_p_of_wins(step.boundary, discordant) if reachable else max(available, 0.0)
    return Boundary(step.boundary, level, step.spent, share, tuple(stages))


def mid_p_of_wins(won: int, discordant: int) -> float:
    """Return the one-sided mid-p of McNemar's test that the candidate is better.

    It is half of the two-sided one for a candidate that wins more often than it loses.
    """
    if not discordant:
        return 0.5
    more = float(bdtrc(won, discordant, 0.5))
    return more + (float(bdtrc(won - 1, discordant, 0.5)) - more) / 2


def binomial(n: int, share: float) -> Floats:
    """Return the probability of each number of wins among n: [n + 1].

    `scipy.stats.binom.pmf` says the same, but spends most of its time on checking its arguments.
    """
    wins = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(wins + 1) - gammaln(n - wins + 1)
    probabilities: Floats = np.exp(ways + wins * math.log(share) + (n - wins) * math.log1p(-share))
    return probabilities


class _Step(NamedTuple):
    boundary: int
    spent: float


class _Walk:
    """The distribution of the wins of an equal candidate that no look has decided about."""

    def __init__(self, share_won: float = 0.5) -> None:
        self.discordant = 0
        self.mass: Floats = np.ones(1)
        """The probability of each number of wins: [discordant + 1]."""
        self._share_won = share_won

    def grow(self, discordant: int) -> None:
        """Add discordant texts."""
        added = max(0, discordant - self.discordant)
        if added:
            self.discordant += added
            self.mass = np.convolve(self.mass, binomial(added, self._share_won))

    def stop(self, boundary: int) -> None:
        """Remove what a look decides, on both sides."""
        self.mass = self.mass.copy()
        self.mass[boundary:] = 0
        self.mass[: max(0, self.discordant - boundary + 1)] = 0

    def advance(self, discordant: int, available: float) -> _Step:
        """Look at `discordant` texts, and spend at most `available` by mid-p."""
        self.grow(discordant)
        at_least = self.mass[::-1].cumsum()[::-1]
        (within,) = np.nonzero(at_least - self.mass / 2 <= available)
        # Wins are decided about at more than half of the texts only, even by a large significance.
        least = self.discordant // 2 + 1
        boundary = max(least, int(within[0])) if len(within) else self.discordant + 1
        spent = float(at_least[boundary]) if boundary <= self.discordant else 0.0
        self.stop(boundary)
        return _Step(boundary, spent)


def share_won_interval(stages: Sequence[LookStage], won: int) -> tuple[float, float]:
    """Return a 95% confidence interval of the share of discordant texts that a candidate wins.

    It allows for the looks before, at which the candidate was not decided about: results are
    ordered by the look at which they arise (Siegmund 1978, "Estimation following sequential
    tests"; Tsiatis, Rosner and Mehta 1984, "Exact confidence intervals following a group sequential
    test"). With one look it is the mid-p interval of Clopper and Pearson's type (Berry and Armitage
    1995, "Mid-P confidence intervals: a brief review").

    Paths to the same number of wins are equally probable relative to each other for every share, so
    one recursion serves all shares.
    """
    *earlier, last = stages
    n = last.discordant
    if not n:
        return 0.0, 1.0
    base = min(max(won / n, 0.5 / n), 1 - 0.5 / n)
    walk = _Walk(base)
    wins, totals, masses = [], [], []
    for stage in earlier:
        walk.grow(stage.discordant)
        crossed = np.arange(stage.boundary, walk.discordant + 1)
        wins.append(crossed)
        totals.append(np.full(len(crossed), walk.discordant))
        masses.append(walk.mass[crossed])
        walk.stop(stage.boundary)
    walk.grow(n)
    beyond = np.arange(won, n + 1)
    mass = walk.mass[beyond].copy()
    mass[0] /= 2
    won_by, total, probability = (
        np.concatenate([*parts, last_part])
        for parts, last_part in ((wins, beyond), (totals, np.full(len(beyond), n)), (masses, mass))
    )

    def at_least_as_good(share: float) -> float:
        gain = math.log(share / base)
        loss = math.log((1 - share) / (1 - base))
        return float(probability @ np.exp(won_by * gain + (total - won_by) * loss))

    def limit(probability_there: float) -> float:
        return _solve(lambda share: at_least_as_good(share) - probability_there)

    tail = (1 - CONFIDENCE) / 2
    lower = limit(tail) if won else 0.0
    upper = limit(1 - tail) if won < n else 1.0
    return lower, upper


def _solve(increasing: Callable[[float], float]) -> float:
    """Return where a function of a share is 0, or the end that is closest to it."""
    if increasing(_EDGE) >= 0:
        return 0.0
    if increasing(1 - _EDGE) <= 0:
        return 1.0
    return float(brentq(increasing, _EDGE, 1 - _EDGE, xtol=1e-7))
