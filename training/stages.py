"""One model of a cascade, as training makes it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoder import Encoder
from training.head import Head


@dataclass(frozen=True)
class FittedStage:
    """An encoder and a head that was fitted to what it answers."""

    name: str
    encoder: Encoder
    head: Head

    def score(self, texts: Sequence[str]) -> "Scores":
        """Score texts that the stage may or may not have seen."""
        embeddings = self.encoder.embed(texts)
        return Scores(self.head.logits(embeddings), embeddings)


@dataclass(frozen=True)
class Scores:
    """`logits` [n, labels] and `embeddings` [n, width]."""

    logits: NDArray[np.floating]
    embeddings: NDArray[np.float32]
