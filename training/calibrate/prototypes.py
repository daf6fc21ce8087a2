"""Prototypes: embeddings that stand for the examples of an intent, or for out-of-scope examples.

A mean alone is far from the examples of an intent that has several kinds of them. So an intent has
the centres of clusters of its examples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from prompt_capture.adapters.onnx.classifier import intent_mask
from training.fit.heads import round_to_int8

Floats = NDArray[np.floating]

MAX_INSIDE = 512
"""The most prototypes of all intents, but for one of each: each takes a byte per dimension."""
MAX_OUTSIDE = 128
"""The most prototypes of the out-of-scope examples."""
EXAMPLES_PER_CENTRE = 2
NEAREST = 3
"""How many of the nearest prototypes the similarity averages: a single one may be an outlier."""
MAX_CLUSTERED = 256
"""The most examples that are clustered: as many as k-means computes in one piece and in one order,
so that the number of cores does not change the result."""


@dataclass(frozen=True)
class Prototypes:
    """Prototypes of unit length, rounded to int8: `inside` [any, width], `outside` [any, width].

    They belong to the last `width` dimensions of the embeddings. `outside` is empty where no
    example is out of scope.
    """

    inside: Floats
    outside: Floats

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return int(self.inside.shape[1])

    def similarity(self, embeddings: Floats) -> Floats:
        """Return the mean cosine [n, 1 or 2] of embeddings [n, any] and the nearest prototypes.

        The first column is for those inside, and the second, if any, for those outside.
        """
        unit = _unit(embeddings[:, -self.width :])
        sides = [self.inside, self.outside] if len(self.outside) else [self.inside]
        return np.stack([_mean_of_nearest(unit @ side.T) for side in sides], axis=1)


def select_examples(labels: NDArray[np.str_], seed: int) -> NDArray[np.intp]:
    """Return the rows of `labels` [n] to find prototypes of, in order: a sample of each kind."""
    random = np.random.default_rng(seed)
    is_inside = intent_mask(labels)
    kinds = [np.flatnonzero(labels == intent) for intent in np.unique(labels[is_inside])]
    kinds.append(np.flatnonzero(~is_inside))
    return np.sort(np.concatenate([random.permutation(rows)[:MAX_CLUSTERED] for rows in kinds]))


def fit_prototypes(embeddings: Floats, labels: NDArray[np.str_], seed: int) -> Prototypes:
    """Find the prototypes of embeddings [n, width] with labels [n], which `select_examples`."""
    unit = _unit(embeddings)
    is_inside = intent_mask(labels)
    intents = np.unique(labels[is_inside])
    most = max(1, MAX_INSIDE // len(intents))
    # Several threads wait for each other longer than they compute. The limit is this thread's own.
    with threadpool_limits(1, user_api="openmp"):
        inside = [_centres(unit[labels == intent], most, seed) for intent in intents]
        outside = _centres(unit[~is_inside], MAX_OUTSIDE, seed)
    return Prototypes(_round(np.concatenate(inside)), _round(outside))


def _mean_of_nearest(cosines: Floats) -> Floats:
    count = min(NEAREST, cosines.shape[1])
    nearest: Floats = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)
    return nearest


def _centres(unit: Floats, most: int, seed: int) -> Floats:
    """Return the centres of at most `most` clusters of a few examples each."""
    count = min(most, len(unit) // EXAMPLES_PER_CENTRE)
    if count <= 1:
        return unit.mean(axis=0, keepdims=True) if len(unit) else unit
    centres: Floats = KMeans(count, n_init=1, random_state=seed).fit(unit).cluster_centers_
    return centres


def _round(prototypes: Floats) -> Floats:
    return round_to_int8(_unit(prototypes).T).T if len(prototypes) else prototypes


def _unit(vectors: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit: Floats = vectors / lengths
    return unit
