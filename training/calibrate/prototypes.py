"""Prototypes: embeddings that stand for the examples of an intent, or for out-of-scope examples.

A mean alone is far from the examples of an intent that has several kinds of them. So an intent has
its mean, and the centres of a few clusters of its examples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from prompt_capture.adapters.onnx.classifier import intent_mask
from training.fit.heads import round_to_int8

Floats = NDArray[np.floating]

MAX_INSIDE = 256
"""The most prototypes of all intents, apart from their means: each takes a byte per dimension."""
MAX_CENTRES = 4
"""The most centres of an intent."""
MAX_OUTSIDE = 64
"""The most prototypes of the out-of-scope examples."""
EXAMPLES_PER_CENTRE = 4
MAX_CLUSTERED = 256
"""The most examples that are clustered: as many as k-means computes in one piece and in one order,
so that the number of cores does not change the result."""


@dataclass(frozen=True)
class Prototypes:
    """Prototypes of unit length, rounded to int8: `inside` [any, width], `outside` [any, width].

    `outside` is empty where no example is out of scope.
    """

    inside: Floats
    outside: Floats

    def similarity(self, embeddings: Floats) -> Floats:
        """Return the cosine [n, 1 or 2] of embeddings [n, width] and the nearest prototypes.

        The first column is for those inside, and the second, if any, for those outside.
        """
        unit = _unit(embeddings)
        sides = [self.inside, self.outside] if len(self.outside) else [self.inside]
        return np.stack([(unit @ side.T).max(axis=1) for side in sides], axis=1)


def fit_prototypes(embeddings: Floats, labels: NDArray[np.str_], seed: int) -> Prototypes:
    """Find the prototypes of embeddings [n, width] with labels [n]."""
    unit = _unit(embeddings)
    is_inside = intent_mask(labels)
    intents = np.unique(labels[is_inside])
    centres = min(MAX_CENTRES, MAX_INSIDE // len(intents))
    inside = [_mean_and_centres(unit[labels == intent], centres, seed) for intent in intents]
    outside = _centres(unit[~is_inside], MAX_OUTSIDE, seed)
    return Prototypes(_round(np.concatenate(inside)), _round(outside))


def _mean_and_centres(unit: Floats, most: int, seed: int) -> Floats:
    mean = unit.mean(axis=0, keepdims=True)
    count = min(most, len(unit) // EXAMPLES_PER_CENTRE)
    return np.concatenate([mean, _centres(unit, count, seed)]) if count > 1 else mean


def _centres(unit: Floats, count: int, seed: int) -> Floats:
    """Return the centres of `count` clusters, or all where there are no more."""
    if len(unit) <= count:
        return unit
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(unit))[:MAX_CLUSTERED])
    centres: Floats = KMeans(count, n_init=1, random_state=seed).fit(unit[chosen]).cluster_centers_
    return centres


def _round(prototypes: Floats) -> Floats:
    return round_to_int8(_unit(prototypes).T).T if len(prototypes) else prototypes


def _unit(vectors: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit: Floats = vectors / lengths
    return unit
