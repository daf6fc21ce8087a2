"""Make texts that nobody has written, for a teacher to answer: splice, drop and replace pieces.

The student then sees where the teacher draws its borders between the utterances that there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pieces = Sequence[int]

MAX_PIECES = 40


@dataclass(frozen=True)
class Noise:
    """How often a text is spliced with another, and a piece replaced or dropped."""

    splice: float = 0.5
    replace: float = 0.15
    drop: float = 0.1


def augment(
    texts: Sequence[Pieces],
    count: int,
    nearest: NDArray[np.integer],
    random: np.random.Generator,
    noise: Noise = Noise(),
) -> list[list[int]]:
    """Answer `count` new sequences made of `texts`; `nearest` [pieces, some] holds replacements.

    None of the sequences holds the special tokens at the ends.
    """
    return [_change(_splice(texts, random, noise), nearest, random, noise) for _ in range(count)]


def spelled(pieces: Pieces, vocabulary: Sequence[str]) -> str:
    """Answer the text that word pieces spell."""
    return "".join(
        piece.removeprefix("##") if piece.startswith("##") else f" {piece}"
        for piece in (vocabulary[number] for number in pieces)
    ).strip()


def _splice(texts: Sequence[Pieces], random: np.random.Generator, noise: Noise) -> Pieces:
    """Take a text, or the start of one and the end of another."""
    first = texts[int(random.integers(len(texts)))]
    if not first or random.random() >= noise.splice:
        return first
    second = texts[int(random.integers(len(texts)))]
    end = int(random.integers(1, len(first) + 1))
    start = int(random.integers(0, len(second))) if second else 0
    return [*first[:end], *second[start:]]


def _change(
    pieces: Pieces, nearest: NDArray[np.integer], random: np.random.Generator, noise: Noise
) -> list[int]:
    changed = []
    for number, chance in zip(pieces, random.random(len(pieces)), strict=True):
        if chance < noise.replace:
            changed.append(int(nearest[number, random.integers(nearest.shape[1])]))
        elif chance >= noise.replace + noise.drop:
            changed.append(number)
    return changed[:MAX_PIECES]
