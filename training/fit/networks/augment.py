"""Make synthetic texts for distillation: splice texts, and replace or drop their word pieces.

The teacher's predictions for them show the student where the decision boundaries between the
utterances are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pieces = Sequence[int]

MAX_PIECES = 40


@dataclass(frozen=True)
class AugmentationRates:
    """The probabilities that a text is spliced with another, and a piece is replaced or dropped."""

    splice: float = 0.5
    replace: float = 0.15
    drop: float = 0.1


@dataclass(frozen=True)
class SyntheticText:
    """The pieces of a synthetic text, and the indices of the texts that it is made of."""

    pieces: list[int]
    sources: frozenset[int]


def augment(
    texts: Sequence[Pieces],
    count: int,
    nearest: NDArray[np.integer],
    random: np.random.Generator,
    rates: AugmentationRates = AugmentationRates(),
) -> list[SyntheticText]:
    """Return `count` synthetic sequences made of `texts`.

    `nearest` [pieces, any] holds the replacements of each piece. Neither the texts nor the results
    contain special tokens.
    """
    synthetic = []
    for _ in range(count):
        pieces, sources = _splice(texts, random, rates)
        changed = _replace_and_drop(pieces, nearest, random, rates)
        synthetic.append(SyntheticText(changed, sources))
    return synthetic


def join_pieces(pieces: Pieces, vocabulary: Sequence[str]) -> str:
    """Return the text that word pieces form."""
    return "".join(
        piece.removeprefix("##") if piece.startswith("##") else f" {piece}"
        for piece in (vocabulary[number] for number in pieces)
    ).strip()


def _splice(
    texts: Sequence[Pieces], random: np.random.Generator, rates: AugmentationRates
) -> tuple[Pieces, frozenset[int]]:
    """Choose a text, or join the start of one and the end of another; return the indices too."""
    one = int(random.integers(len(texts)))
    first = texts[one]
    if not first or random.random() >= rates.splice:
        return first, frozenset({one})
    other = int(random.integers(len(texts)))
    second = texts[other]
    end = int(random.integers(1, len(first) + 1))
    start = int(random.integers(0, len(second))) if second else 0
    return [*first[:end], *second[start:]], frozenset({one, other})


def _replace_and_drop(
    pieces: Pieces,
    nearest: NDArray[np.integer],
    random: np.random.Generator,
    rates: AugmentationRates,
) -> list[int]:
    changed = []
    for number, chance in zip(pieces, random.random(len(pieces)), strict=True):
        if chance < rates.replace:
            changed.append(int(nearest[number, random.integers(nearest.shape[1])]))
        elif chance >= rates.replace + rates.drop:
            changed.append(number)
    return changed[:MAX_PIECES]
