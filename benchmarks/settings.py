"""How much of the training data a model gets to see."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.data import Dataset
from benchmarks.models.kind import Training
from training.examples import Example


@dataclass(frozen=True)
class Setting:
    """So many labels an intent, or so many in all, or all there are.

    With `oos`, the out-of-scope examples of the training data come on top, under their label.
    """

    per_intent: int | None = None
    in_all: int | None = None
    oos: bool = False

    def is_in(self, data: Dataset) -> bool:
        """Whether the data has what the setting asks for."""
        return bool(data.oos_train) if self.oos else len(data.train) > (self.in_all or 0)

    @property
    def is_drawn(self) -> bool:
        """Whether chance decides what is seen, so that several seeds tell more than one."""
        return self.per_intent is not None or self.in_all is not None

    def draw(self, data: Dataset, seed: int) -> Training:
        """Choose the labelled examples at random; the others are given without their labels."""
        random = np.random.default_rng(seed)
        shuffled = [data.train[i] for i in random.permutation(len(data.train))]
        labelled, rest = self._divide(shuffled) if self.is_drawn else (data.train, [])
        return Training(
            [*labelled, *(data.oos_train if self.oos else [])],
            [example.text for example in rest],
            seed,
        )

    def _divide(self, shuffled: Sequence[Example]) -> tuple[list[Example], list[Example]]:
        if self.per_intent is None:
            return list(shuffled[: self.in_all]), list(shuffled[self.in_all :])
        labelled: list[Example] = []
        rest: list[Example] = []
        taken: Counter[str] = Counter()
        for example in shuffled:
            taken[example.label] += 1
            (labelled if taken[example.label] <= self.per_intent else rest).append(example)
        return labelled, rest


SETTINGS = {
    "10": Setting(per_intent=10),
    "20": Setting(per_intent=20),
    "2000": Setting(in_all=2_000),
    "full": Setting(),
    "full+oos": Setting(oos=True),
}
"""By the name that `--sizes` takes; in the order of the table."""
