"""Batches of token sequences: shuffled, grouped by similar length, and padded to few lengths."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[Sequence[int]]

LENGTHS = (8, 12, 16, 24, 40, 64)
"""The lengths in tokens that batches are padded to; longer texts are truncated.

JAX compiles the training step once per length.
"""
LENGTHS_OF_FEW, FEW_TEXTS = (16, 64), 4_000
"""The lengths with fewer texts: compiling for more would take longer than the padding."""
_BATCHES_PER_CHUNK = 20


@dataclass(frozen=True)
class TrainingSet:
    """The token ids of each text, and its target distribution over the labels.

    `targets` [texts, labels].
    """

    ids: Ids
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class TrainingBatch:
    """A padded batch: `ids` and `mask` [size, length], `targets` [size, labels].

    The targets of a padding row are 0.
    """

    ids: NDArray[np.int32]
    mask: NDArray[np.float32]
    targets: NDArray[np.float32]


def iterate_batches(
    training_set: TrainingSet, size: int, random: np.random.Generator
) -> Iterator[TrainingBatch]:
    """Yield each text once, in random order but grouped with texts of similar length."""
    ids = training_set.ids
    lengths = np.array([len(text) for text in ids])
    order = random.permutation(len(ids))
    span = size * _BATCHES_PER_CHUNK
    chunks = [order[start : start + span] for start in range(0, len(order), span)]
    order = np.concatenate([chunk[np.argsort(lengths[chunk], kind="stable")] for chunk in chunks])
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    padded = LENGTHS if len(ids) >= FEW_TEXTS else LENGTHS_OF_FEW
    for index in random.permutation(len(groups)):
        rows = groups[index]
        yield _pad([ids[row] for row in rows], training_set.targets[rows], size, padded)


def count_batches(training_set: TrainingSet, size: int) -> int:
    """Return how many batches `iterate_batches` yields."""
    return -(-len(training_set.ids) // size)


def _pad(
    texts: Ids, targets: NDArray[np.float32], size: int, lengths: Sequence[int]
) -> TrainingBatch:
    longest = max(len(text) for text in texts)
    length = next((length for length in lengths if length >= longest), lengths[-1])
    batch = TrainingBatch(
        np.zeros((size, length), np.int32),
        np.zeros((size, length), np.float32),
        np.zeros((size, targets.shape[1]), np.float32),
    )
    for row, text in enumerate(texts):
        truncated = text[:length]
        batch.ids[row, : len(truncated)] = truncated
        batch.mask[row, : len(truncated)] = 1
    # A mean over the tokens of a padding row must not divide by zero.
    batch.mask[len(texts) :, 0] = 1
    batch.targets[: len(texts)] = targets
    return batch
