"""A stage of a cascade as training produces it."""

from dataclasses import dataclass

from training.encoder import Encoder
from training.head import Head


@dataclass(frozen=True)
class FittedStage:
    """An encoder, and a head that is fitted to its embeddings."""

    name: str
    encoder: Encoder
    head: Head
