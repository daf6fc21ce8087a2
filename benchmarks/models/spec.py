"""The definition of a benchmarked model: how to fit it, and which class serves it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.predictors.base import Predictor
from benchmarks.predictors.loading import load_predictor
from training.examples import Example


@dataclass(frozen=True)
class TrainingData:
    """What a model may learn from: labelled examples, and texts without their labels."""

    examples: list[Example]
    unlabelled: list[str]
    seed: int


class FitFunction(Protocol):
    """Fits a model and writes everything that serving needs to a folder."""

    def __call__(self, training: TrainingData, out: Path) -> None:
        """Fit the model and write it to `out`, an existing empty folder."""


@dataclass(frozen=True)
class ModelSpec:
    """A benchmarked model.

    `predictor` names the class that loads what `fit` wrote, as "module:Class".
    """

    title: str
    fit: FitFunction
    predictor: str

    def load(self, folder: Path) -> Predictor:
        """Load what `fit` wrote."""
        return load_predictor(self.predictor, folder)
