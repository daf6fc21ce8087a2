"""How much of the training data a model receives."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.data import Dataset
from benchmarks.models.spec import TrainingData
from training.examples import Example


@dataclass(frozen=True)
class TrainingSize:
    """The number of labels per intent or in total; without either, all labels.

    `oos` adds the out-of-scope examples of the training data, under their own label.
    """

    per_intent: int | None = None
    total: int | None = None
    oos: bool = False

    def is_available(self, data: Dataset) -> bool:
        """Return whether the dataset has enough examples for this size."""
        return bool(data.oos_train) if self.oos else len(data.train) > (self.total or 0)

    @property
    def is_sampled(self) -> bool:
        """Whether the examples are a random sample, so that several seeds add information."""
        return self.per_intent is not None or self.total is not None

    def sample(self, data: Dataset, seed: int) -> TrainingData:
        """Sample the labelled examples; the remaining texts come without their labels."""
        random = np.random.default_rng(seed)
        shuffled = [data.train[i] for i in random.permutation(len(data.train))]
        labelled, rest = self._split(shuffled) if self.is_sampled else (data.train, [])
        return TrainingData(
            [*labelled, *(data.oos_train if self.oos else [])],
            [example.text for example in rest],
            seed,
        )

    def _split(self, shuffled: Sequence[Example]) -> tuple[list[Example], list[Example]]:
        if self.per_intent is None:
            return list(shuffled[: self.total]), list(shuffled[self.total :])
        labelled: list[Example] = []
        rest: list[Example] = []
        counts: Counter[str] = Counter()
        for example in shuffled:
            counts[example.label] += 1
            (labelled if counts[example.label] <= self.per_intent else rest).append(example)
        return labelled, rest


TRAINING_SIZES = {
    "10": TrainingSize(per_intent=10),
    "20": TrainingSize(per_intent=20),
    "2000": TrainingSize(total=2_000),
    "full": TrainingSize(),
    "full+oos": TrainingSize(oos=True),
}
"""The sizes by the names that `--sizes` takes, in the order of the table."""
