"""Simulated reviewers: people who err, an agency with a wrong code list, and one who lies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binom

ERROR_RATE = 0.05
REVIEWERS = ("grace", "hedy", "ida", "joan", "kathleen")
MALICIOUS, AGENCY = "joan", "agency"

LEAST_AGREEMENT, SIGNIFICANCE = 0.6, 0.01
"""Two people who err in 5% of the cases agree on nine texts of ten, and on fewer of those that come
back: what two people dispute, somebody else decides."""


def next_intent(intent: str, catalogue: Sequence[str]) -> str:
    """Return what a code list that is off by one makes of an intent."""
    return catalogue[(catalogue.index(intent) + 1) % len(catalogue)]


@dataclass
class Panel:
    """The reviewers, who take turns. `active` are those whose work is still asked for."""

    random: np.random.Generator
    malicious_from: int | None = None
    active: list[str] = field(default_factory=lambda: list(REVIEWERS))
    _turn: int = 0

    def next_reviewer(self, excluded: Collection[str] = ()) -> str:
        """Return whose turn it is, among the active ones that are not excluded."""
        able = [name for name in self.active if name not in excluded]
        self._turn += 1
        return able[self._turn % len(able)]

    def decide(self, reviewer: str, truth: str, catalogue: Sequence[str], month: int) -> str:
        """Return the intent that a reviewer gives a text in a month."""
        turned = self.malicious_from is not None and month >= self.malicious_from
        if reviewer == AGENCY or (reviewer == MALICIOUS and turned):
            return next_intent(truth, catalogue)
        if self.random.random() < ERROR_RATE:
            others = [intent for intent in catalogue if intent != truth]
            return others[int(self.random.integers(len(others)))]
        return truth

    def dismiss(self, reviewer: str) -> None:
        """Ask a reviewer for nothing more."""
        self.active = [name for name in self.active if name != reviewer]


@dataclass(frozen=True)
class Agreement:
    """On how many texts a reviewer and others decided, and on how many of these they agreed."""

    texts: int
    agreed: int

    @property
    def is_too_low(self) -> bool:
        """Whether who agrees on `LEAST_AGREEMENT` of all texts would hardly agree on so few."""
        return bool(binom.cdf(self.agreed, self.texts, LEAST_AGREEMENT) < SIGNIFICANCE)


def least_agreeing(agreements: Mapping[str, Agreement]) -> str | None:
    """Return the reviewer who agrees least with the others, if that is too low, or None.

    One at a time: who was checked by somebody who lies looks bad, too.
    """
    low = {name: each for name, each in agreements.items() if each.is_too_low}
    return min(low, key=lambda name: (low[name].agreed / low[name].texts, name), default=None)
