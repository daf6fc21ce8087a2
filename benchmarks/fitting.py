"""Fitting one model in one setting, and scoring it."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.data import Dataset
from benchmarks.models.kind import Kind, Training
from benchmarks.results import Scores
from benchmarks.scores import score
from benchmarks.served.answer import Answer, Served
from training.examples import Example, read_examples


@dataclass(frozen=True)
class Fitted:
    """A model that was made: how to load it, what it weighs, and how it did.

    `size` is what serving loads, in bytes.
    """

    kind: Kind
    folder: Path
    size: int
    scores: Scores

    def load(self) -> Served:
        """Load the model, ready to answer."""
        return self.kind.load(self.folder)


def fit(kind: Kind, training: Training, data: Dataset, folder: Path) -> Fitted:
    """Fit a model to a file of examples, load it, and let it answer all test texts.

    The seconds that it took go from the file to the loaded model. `folder` is made.
    """
    out = folder / "model"
    out.mkdir(parents=True)
    file = _write(training.examples, folder / "labelled.jsonl")
    start = time.perf_counter()
    kind.fit(replace(training, examples=read_examples([file])), out)
    size = _size(out)
    model = kind.load(out)
    seconds = time.perf_counter() - start
    answers, oos = _answers(model, data.test), _answers(model, data.oos_test)
    return Fitted(kind, out, size, score(data, answers, oos, seconds))


def _write(examples: Sequence[Example], file: Path) -> Path:
    values = [{"text": example.text, "label": example.label} for example in examples]
    file.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")
    return file


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _answers(model: Served, examples: Sequence[Example]) -> list[Answer]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(model.answer, [example.text for example in examples]))
