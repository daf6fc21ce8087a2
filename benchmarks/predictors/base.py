"""The interface that every benchmarked model implements."""

from pathlib import Path
from typing import NamedTuple, Protocol

OUT_OF_SCOPE = "oos"
"""The label of out-of-scope messages in the public datasets."""


class ScoredIntent(NamedTuple):
    """The predicted intent or None, its confidence in 0 to 1, and the scope score.

    The scope score rises with how likely the message is meant for this assistant. Its scale depends
    on the model.
    """

    intent: str | None
    confidence: float
    scope: float


class Predictor(Protocol):
    """A loaded model, ready to predict."""

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message."""


class PredictorLoader(Protocol):
    """Loads a model from the folder that training wrote."""

    def __call__(self, folder: Path) -> Predictor:
        """Return the loaded model."""
