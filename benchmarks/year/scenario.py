"""The months of a year: what happens in which, and which messages users send."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.year.data import YearData
from training.data.examples import Example, InvalidExamples

SLANG_OF_A_MONTH = 0.3
"""The share of the messages with slang, at most."""

SHIFTED_SHARE = 0.3
"""So many intents become more frequent with the shift, and as many become rarer."""

BEFORE, AFTER = (0.6, 1.4), (2.5, 0.4)
"""The weights of rising and of falling intents before and after the shift."""

MIN_MESSAGES = 40


@dataclass(frozen=True)
class YearScenario:
    """In which month what begins or happens; months count from 1, and None means never.

    `messages` are sent a month, each text once. At most `labels` are spent a month: `queue` on the
    review queue, `second_opinions` on decided texts, `batch` by the agency in the month of the bad
    batch, and the rest on disagreements, which a retraining draws `disagreements` of.
    """

    months: int = 12
    messages: int = 280
    slang: int | None = 3
    worse_candidate: int | None = 4
    late_intent: int | None = 5
    bad_batch: int | None = 6
    malicious: int | None = 7
    shift: int | None = 9
    labels: int = 250
    queue: int = 80
    second_opinions: int = 20
    batch: int = 90
    disagreements: int = 100

    def events(self, month: int) -> list[str]:
        """Return what begins or happens in a month, in words."""
        named = {
            "new slang": self.slang,
            "a worse candidate": self.worse_candidate,
            "an unforeseen intent": self.late_intent,
            "a bad batch of labels": self.bad_batch,
            "a reviewer turns malicious": self.malicious,
            "intents shift": self.shift,
        }
        return [name for name, begins in named.items() if begins == month]


YEAR = YearScenario()
SHORT_YEAR = YearScenario(
    months=2,
    messages=160,
    slang=1,
    late_intent=1,
    worse_candidate=2,
    bad_batch=2,
    malicious=None,
    shift=None,
)
"""What the tests play."""


def draw_months(data: YearData, scenario: YearScenario, seed: int) -> list[list[Example]]:
    """Return the messages of each month, in the order in which they are sent; no text twice.

    Raise `InvalidExamples` where there are too few.
    """
    random = np.random.default_rng(seed)
    size = min(scenario.messages, (len(data.messages) + len(data.slang)) // scenario.months)
    if size < MIN_MESSAGES:
        raise InvalidExamples(
            f"There are {size} messages a month. A year needs at least {MIN_MESSAGES}, "
            f"so {MIN_MESSAGES * scenario.months:,} different texts."
        )
    slang = _Pool(data.slang, random)
    ordinary = _Pool(data.messages, random)
    with_slang = _slang_of_a_month(data, scenario, size)
    drift = _Drift.draw(data.labels, random)
    months = []
    for month in range(1, scenario.months + 1):
        has_late_intent = scenario.late_intent is not None and month >= scenario.late_intent
        late = "" if has_late_intent else data.late_intent
        has_shifted = scenario.shift is not None and month >= scenario.shift
        spoken = _is_past(scenario.slang, month)
        texts = slang.take(with_slang if spoken else 0, drift.weights(has_shifted), late)
        texts += ordinary.take(size - len(texts), drift.weights(has_shifted), late)
        months.append([texts[index] for index in random.permutation(len(texts))])
    return months


def _is_past(begins: int | None, month: int) -> bool:
    return begins is not None and month >= begins


def _slang_of_a_month(data: YearData, scenario: YearScenario, size: int) -> int:
    months = 0 if scenario.slang is None else scenario.months - scenario.slang + 1
    return min(len(data.slang) // max(months, 1), int(SLANG_OF_A_MONTH * size))


@dataclass(frozen=True)
class _Drift:
    """Which intents become more frequent with the shift, and which become rarer."""

    rising: frozenset[str]
    falling: frozenset[str]

    @classmethod
    def draw(cls, labels: Sequence[str], random: np.random.Generator) -> "_Drift":
        order = random.permutation(len(labels)).tolist()
        size = int(SHIFTED_SHARE * len(labels))
        rising, falling = order[:size], order[size : 2 * size]
        return cls(
            frozenset(labels[index] for index in rising),
            frozenset(labels[index] for index in falling),
        )

    def weights(self, has_shifted: bool) -> dict[str, float]:
        rising, falling = AFTER if has_shifted else BEFORE
        return dict.fromkeys(self.rising, rising) | dict.fromkeys(self.falling, falling)


class _Pool:
    """Messages that were not sent yet."""

    def __init__(self, examples: Sequence[Example], random: np.random.Generator) -> None:
        self._left = list(examples)
        self._random = random

    def take(self, count: int, weights: dict[str, float], excluded: str) -> list[Example]:
        """Take messages at random, by the weights of their intents (1 where there is none)."""
        odds: NDArray[np.floating] = np.array(
            [weights.get(one.label, 1.0) * (one.label != excluded) for one in self._left]
        )
        possible = int((odds > 0).sum())
        if not possible:
            return []
        chosen = self._random.choice(
            len(odds), min(count, possible), replace=False, p=odds / odds.sum()
        )
        taken = [self._left[index] for index in chosen.tolist()]
        gone = set(chosen.tolist())
        self._left = [one for index, one in enumerate(self._left) if index not in gone]
        return taken
