"""The data sets of a folder, by the names of their files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from training.examples import Example, InvalidExamples, grouping_key, read_examples

EXPECTED = """\
make bench-model DATA_DIR=folder

The folder holds JSON lines {"text": ..., "label": ...}, and each data set NAME there is measured:

  NAME_train.jsonl, NAME_test.jsonl               needed
  NAME_oos_test.jsonl                             messages that are for nobody, label "oos"
  NAME_oos_train.jsonl                            some to learn from
  NAME_val.jsonl, NAME_oos_val.jsonl              left alone: a model that tunes itself does so
                                                  on a part of its training data

Public data can be had from their authors:

  clinc150    github.com/clinc/oos-eval, data/data_full.json               CC BY 3.0
  hwu64       github.com/xliuhw/NLU-Evaluation-Data, fold 1                CC BY 4.0
  banking77   github.com/PolyAI-LDN/task-specific-datasets, banking_data   CC BY 4.0

Try QUICK=1 first, which takes about a minute."""


Item = TypeVar("Item")


class NoData(InvalidExamples):
    """The folder holds no data set; says what is expected."""


@dataclass(frozen=True)
class Dataset:
    """A data set: what models learn from, and what they are measured on.

    The out-of-scope parts are empty where the data has none.
    """

    name: str
    train: list[Example]
    test: list[Example]
    oos_train: list[Example]
    oos_test: list[Example]

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        """Read the files of one data set; raises `InvalidExamples`."""
        parts = (_part(folder, name, part) for part in ("train", "test", "oos_train", "oos_test"))
        data = cls(name, *parts)
        if len({example.label for example in data.train}) < 2:
            raise NoData(f"{name}_train.jsonl needs examples of at least two intents.")
        return data

    @cached_property
    def unseen(self) -> list[bool]:
        """Whether each test text is new: not in training, once normalised and case folded."""
        known = {grouping_key(example.text) for example in self.train}
        return [grouping_key(example.text) not in known for example in self.test]

    def shortened(self, texts: int) -> Self:
        """Answer the same data with so many texts to test at most, spread over the file."""
        return replace(self, test=spread(self.test, texts), oos_test=spread(self.oos_test, texts))


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Choose so many items at most, at even distances: files are often sorted by label."""
    chosen = np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)
    return [items[i] for i in chosen]


def names_in(folder: Path) -> list[str]:
    """Answer the names of the data sets in a folder; raises `NoData` where there is none."""
    found = [file.name.removesuffix("_train.jsonl") for file in folder.glob("*_train.jsonl")]
    names = sorted(
        name
        for name in found
        if not name.endswith("_oos") and (folder / f"{name}_test.jsonl").is_file()
    )
    if not names:
        raise NoData(f"There is no data set in {folder}.\n\n{EXPECTED}")
    return names


def _part(folder: Path, name: str, part: str) -> list[Example]:
    file = folder / f"{name}_{part}.jsonl"
    return [] if part.startswith("oos") and not file.exists() else read_examples([file])
