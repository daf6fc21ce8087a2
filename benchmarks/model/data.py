"""The benchmark datasets, and how much of their training data a model receives."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from benchmarks.model.predictors import OUT_OF_SCOPE
from training.data.examples import Example, InvalidExamples, grouping_key
from training.data.reading import read_examples

USAGE = """\
Usage: make bench NAME=model DATA_DIR=folder

The folder holds JSON Lines files, one {"text": ..., "label": ...} per line. Every dataset NAME in
the folder is benchmarked:

  NAME_train.jsonl, NAME_test.jsonl               required
  NAME_oos_test.jsonl                             optional: out-of-scope messages, label "oos"
  NAME_oos_train.jsonl                            optional: out-of-scope training examples
  NAME_val.jsonl, NAME_oos_val.jsonl              not read: a model that tunes hyperparameters
                                                  does so on a part of its training data

Public datasets are available from their authors:

  clinc150    github.com/clinc/oos-eval, data/data_full.json               CC BY 3.0
  hwu64       github.com/xliuhw/NLU-Evaluation-Data, fold 1                CC BY 4.0
  banking77   github.com/PolyAI-LDN/task-specific-datasets, banking_data   CC BY 4.0

Start with QUICK=1, which takes about a minute."""


NEAR_EXAMPLES = 100
"""The out-of-scope training examples where intents are left out."""

Item = TypeVar("Item")


class UnusableDataset(InvalidExamples):
    """A dataset is missing, or too small for what is requested."""


@dataclass(frozen=True)
class Dataset:
    """Training and test examples under one name.

    The out-of-scope parts are empty if the dataset has none.
    """

    name: str
    train: list[Example]
    test: list[Example]
    oos_train: list[Example]
    oos_test: list[Example]

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        """Read the files of one dataset. Raises `InvalidExamples`."""
        parts = (
            _read_part(folder, name, part) for part in ("train", "test", "oos_train", "oos_test")
        )
        data = cls(name, *parts)
        if len({example.label for example in data.train}) < 2:
            raise UnusableDataset(f"{name}_train.jsonl needs examples of at least two intents.")
        return data

    @cached_property
    def unseen(self) -> list[bool]:
        """For each test text, whether it is absent from training (normalised, case folded)."""
        training_keys = {grouping_key(example.text) for example in self.train}
        return [grouping_key(example.text) not in training_keys for example in self.test]

    def with_test_limit(self, limit: int) -> Self:
        """Return the dataset with at most `limit` test texts, sampled evenly over the file."""
        return replace(
            self,
            test=sample_evenly(self.test, limit),
            oos_test=sample_evenly(self.oos_test, limit),
        )


def leave_out_intents(data: Dataset, seed: int) -> Dataset:
    """Return the dataset with a quarter of its intents out of scope, chosen by the seed.

    One of each four intents in alphabetical order is left out, so that where labels begin with a
    domain, each domain loses a quarter. Training gets `NEAR_EXAMPLES` examples of these intents as
    out-of-scope examples; all their test texts are the out-of-scope messages.
    """
    random = np.random.default_rng(seed)
    labels = sorted({example.label for example in data.train})
    outside = {random.choice(labels[i : i + 4]) for i in range(0, len(labels) - 3, 4)}
    train, outside_train = _divide(data.train, outside)
    test, outside_test = _divide(data.test, outside)
    shown = random.permutation(len(outside_train))[:NEAR_EXAMPLES]
    return replace(
        data,
        train=train,
        test=test,
        oos_train=[_as_out_of_scope(outside_train[i]) for i in shown],
        oos_test=[_as_out_of_scope(example) for example in outside_test],
    )


def _as_out_of_scope(example: Example) -> Example:
    return Example(text=example.text, label=OUT_OF_SCOPE)


def _divide(
    examples: Sequence[Example], labels: Collection[str]
) -> tuple[list[Example], list[Example]]:
    """Return the examples of other labels, and those of `labels`."""
    others = [example for example in examples if example.label not in labels]
    return others, [example for example in examples if example.label in labels]


def sample_evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Return at most `count` items at even distances, because files are often sorted by label."""
    chosen = np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)
    return [items[i] for i in chosen]


def list_datasets(folder: Path) -> list[str]:
    """Return the names of the datasets in a folder. Raises `UnusableDataset` if it has none."""
    candidates = [file.name.removesuffix("_train.jsonl") for file in folder.glob("*_train.jsonl")]
    names = sorted(
        name
        for name in candidates
        if not name.endswith("_oos") and (folder / f"{name}_test.jsonl").is_file()
    )
    if not names:
        raise UnusableDataset(f"No dataset found in {folder}.\n\n{USAGE}")
    return names


def _read_part(folder: Path, name: str, part: str) -> list[Example]:
    file = folder / f"{name}_{part}.jsonl"
    return [] if part.startswith("oos") and not file.exists() else read_examples([file])


@dataclass(frozen=True)
class TrainingData:
    """What a model may learn from: labelled examples, and texts without their labels."""

    examples: list[Example]
    unlabelled: list[str]
    seed: int


@dataclass(frozen=True)
class TrainingSize:
    """The number of labels per intent or in total; without either, all labels.

    `oos` adds the out-of-scope examples of the training data, under their own label.
    `leaves_out_intents` puts a quarter of the intents out of scope, other ones with each seed.
    """

    per_intent: int | None = None
    total: int | None = None
    oos: bool = False
    leaves_out_intents: bool = False

    def is_available(self, data: Dataset) -> bool:
        """Return whether the dataset has enough examples for this size."""
        if self.leaves_out_intents:
            return len({example.label for example in data.train}) >= 4
        return bool(data.oos_train) if self.oos else len(data.train) > (self.total or 0)

    def restrict(self, data: Dataset, seed: int) -> Dataset:
        """Return what this size trains on and is measured on: all, or all but some intents."""
        return leave_out_intents(data, seed) if self.leaves_out_intents else data

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
    "near": TrainingSize(per_intent=20, oos=True, leaves_out_intents=True),
}
"""The sizes by the names that `--sizes` takes, in the order of the table."""
