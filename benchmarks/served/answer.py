"""What every model of the benchmark answers, whatever it is made of."""

from pathlib import Path
from typing import NamedTuple, Protocol

OUT_OF_SCOPE = "oos"
"""The label of public data for messages that are for nobody."""


class Answer(NamedTuple):
    """The intent that a model names, or None; how sure it is, in 0 to 1; and its scope score.

    The scope score says how sure the model is that a message is for this assistant at all: higher
    is more in scope, on a scale of the model's own.
    """

    intent: str | None
    confidence: float
    scope: float


class Served(Protocol):
    """A model that is loaded and ready to answer."""

    def answer(self, text: str) -> Answer:
        """Classify one message."""


class Load(Protocol):
    """Loads a model from the folder that `fit` wrote."""

    def __call__(self, folder: Path) -> Served:
        """Answer the model, ready to answer."""
