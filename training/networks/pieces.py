"""Where the student starts: what the encoder makes of each word piece alone, reduced by PCA."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def principal_rows(vectors: Floats, width: int) -> Floats:
    """Project pieces [pieces, any] on their main directions: [pieces, width].

    The rows have a mean square length of 1.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    main = directions[:, ::-1][:, :width].astype(np.float32)
    main *= np.sign(main[np.abs(main).argmax(axis=0), np.arange(width)])
    rows: Floats = centred @ main
    rows /= np.sqrt((rows**2).sum(axis=1).mean())
    return rows


def nearest_pieces(vectors: Floats, count: int = 8) -> NDArray[np.intp]:
    """Answer the `count` pieces that are most similar to each (cosine): [pieces, count]."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = []
    for start in range(0, len(unit), 2000):
        likeness = unit[start : start + 2000] @ unit.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -np.inf
        nearest.append(np.argpartition(-likeness, count, axis=1)[:, :count])
    return np.concatenate(nearest)
