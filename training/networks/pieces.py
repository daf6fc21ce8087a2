"""The student's initial table: the encoder's embedding of each word piece, reduced by PCA."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def project_pca(vectors: Floats, width: int) -> Floats:
    """Project vectors [pieces, any] on their first principal components: [pieces, width].

    The mean squared length of the rows is 1.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    components = directions[:, ::-1][:, :width].astype(np.float32)
    # The sign of a component is arbitrary: fix it, so that all machines agree.
    components *= np.sign(components[np.abs(components).argmax(axis=0), np.arange(width)])
    rows: Floats = centred @ components
    rows /= np.sqrt((rows**2).sum(axis=1).mean())
    return rows


def nearest_pieces(vectors: Floats, count: int = 8) -> NDArray[np.intp]:
    """Return the `count` most similar pieces (cosine) of each piece: [pieces, count]."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = []
    for start in range(0, len(unit), 2000):
        similarity = unit[start : start + 2000] @ unit.T
        rows = np.arange(len(similarity))
        similarity[rows, start + rows] = -np.inf
        nearest.append(np.argpartition(-similarity, count, axis=1)[:, :count])
    return np.concatenate(nearest)
