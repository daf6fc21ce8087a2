"""Read the benchmark datasets of a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from training.examples import Example, InvalidExamples, grouping_key, read_examples

USAGE = """\
Usage: make bench-model DATA_DIR=folder

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
