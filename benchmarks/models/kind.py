"""What a model of the benchmark is: a way to be fitted, and a way to be served."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.served.answer import Served
from benchmarks.served.loading import load
from training.examples import Example


@dataclass(frozen=True)
class Training:
    """What a model may learn from: labelled examples, and texts whose labels it does not see."""

    examples: list[Example]
    unlabelled: list[str]
    seed: int


class Fit(Protocol):
    """Fits a model and writes all that serving it needs to a folder."""

    def __call__(self, training: Training, out: Path) -> None:
        """Fit, and write to `out`, which is there and empty."""


@dataclass(frozen=True)
class Kind:
    """A model of the benchmark.

    `served` names the class that loads what `fit` wrote, as "module:Class".
    """

    title: str
    fit: Fit
    served: str

    def load(self, folder: Path) -> Served:
        """Load what `fit` wrote."""
        return load(self.served, folder)
