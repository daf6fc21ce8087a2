"""Fit one model at one training size, and score it."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.model.data import Dataset, TrainingData
from benchmarks.model.models import ModelSpec
from benchmarks.model.predictors import Predictor, ScoredIntent
from benchmarks.model.results import ModelScores
from benchmarks.model.scoring import score_predictions
from training.data.examples import Example
from training.data.reading import read_examples


@dataclass(frozen=True)
class FittedModel:
    """A fitted model on disk, with its scores.

    `size` is the size of what serving loads, in bytes.
    """

    spec: ModelSpec
    folder: Path
    size: int
    scores: ModelScores

    def load(self) -> Predictor:
        """Load the model, ready to predict."""
        return self.spec.load(self.folder)


def fit_model(
    spec: ModelSpec, training: TrainingData, data: Dataset, folder: Path, *, is_timed: bool = True
) -> FittedModel:
    """Fit a model to a file of examples, load it, and score it on all test texts.

    The training time, unless it `is_timed`, is None. It covers reading the file, fitting, and
    loading the model. `folder` must not exist yet.
    """
    out = folder / "model"
    out.mkdir(parents=True)
    file = _write_examples(training.examples, folder / "labelled.jsonl")
    start = time.perf_counter()
    spec.fit(replace(training, examples=read_examples([file])), out)
    size = _folder_size(out)
    model = spec.load(out)
    seconds = time.perf_counter() - start
    predictions, oos_predictions = _predict(model, data.test), _predict(model, data.oos_test)
    scores = score_predictions(data, predictions, oos_predictions, seconds if is_timed else None)
    return FittedModel(spec, out, size, scores)


def _write_examples(examples: Sequence[Example], file: Path) -> Path:
    values = [{"text": example.text, "label": example.label} for example in examples]
    file.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")
    return file


def _folder_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _predict(model: Predictor, examples: Sequence[Example]) -> list[ScoredIntent]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(model.predict, [example.text for example in examples]))
