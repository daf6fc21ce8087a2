"""Token sequences as arrays of few shapes: shuffled into batches of like length, and padded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[Sequence[int]]

LENGTHS = (8, 12, 16, 24, 40, 64)
"""Tokens to which a batch is padded: each length is compiled once. Longer texts are cut."""
_CHUNK = 20


@dataclass(frozen=True)
class TrainingBatch:
    """The tokens of each text, and the distribution over labels to answer it with.

    `targets` [texts, labels].
    """

    ids: Ids
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """`ids` and `mask` [size, length], `targets` [size, labels]; a row of padding has target 0."""

    ids: NDArray[np.int32]
    mask: NDArray[np.float32]
    targets: NDArray[np.float32]


def batches(lessons: TrainingBatch, size: int, random: np.random.Generator) -> Iterator[Batch]:
    """Answer each text once, in random order but beside texts of like length."""
    ids = lessons.ids
    lengths = np.array([len(text) for text in ids])
    order = random.permutation(len(ids))
    span = size * _CHUNK
    chunks = [order[start : start + span] for start in range(0, len(order), span)]
    order = np.concatenate([chunk[np.argsort(lengths[chunk], kind="stable")] for chunk in chunks])
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    for index in random.permutation(len(groups)):
        rows = groups[index]
        yield _padded([ids[row] for row in rows], lessons.targets[rows], size)


def batch_count(lessons: TrainingBatch, size: int) -> int:
    """Answer how many batches `batches` makes."""
    return -(-len(lessons.ids) // size)


def _padded(texts: Ids, targets: NDArray[np.float32], size: int) -> Batch:
    longest = max(len(text) for text in texts)
    length = next((length for length in LENGTHS if length >= longest), LENGTHS[-1])
    batch = Batch(
        np.zeros((size, length), np.int32),
        np.zeros((size, length), np.float32),
        np.zeros((size, targets.shape[1]), np.float32),
    )
    for row, text in enumerate(texts):
        cut = text[:length]
        batch.ids[row, : len(cut)] = cut
        batch.mask[row, : len(cut)] = 1
    batch.mask[len(texts) :, 0] = 1
    batch.targets[: len(texts)] = targets
    return batch
