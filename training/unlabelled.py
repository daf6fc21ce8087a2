"""Pseudo-labels: what a few labelled messages imply about many unlabelled ones."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.semi_supervised import LabelSpreading

from training.head import Floats, Head

NEIGHBOURS = 10
SPREADING_ALPHA = 0.9
INVERSE_TEMPERATURE = 1 / 0.6
MIN_SPREAD = 1e-3
MAX_TEXTS = 20_000
_UNLABELLED = -1
"""The class of an unlabelled row, as scikit-learn expects it."""


def pseudo_label(
    head: Head, labelled: Floats, labels: NDArray[np.str_], unlabelled: Floats
) -> NDArray[np.float32]:
    """Return the probability of each of the head's labels for each unlabelled text.

    It is the head's own probability times the square root of the label distribution that spreads
    from the labelled texts to their nearest neighbours (Zhou et al. 2004). `labelled` and
    `unlabelled` are embeddings [any, width]; the result has the shape [unlabelled, labels].
    """
    columns = np.searchsorted(head.labels, labels)
    unknown = np.full(len(unlabelled), _UNLABELLED)
    spreading = LabelSpreading(
        kernel="knn", n_neighbors=NEIGHBOURS, alpha=SPREADING_ALPHA, max_iter=1_000, n_jobs=-1
    )
    spreading.fit(_unit(np.concatenate([labelled, unlabelled])), np.concatenate([columns, unknown]))
    spread = spreading.label_distributions_[len(labelled) :]
    own = softmax(head.logits(unlabelled) * INVERSE_TEMPERATURE, axis=1)
    combined = own * np.sqrt(spread + MIN_SPREAD)
    probabilities: NDArray[np.float32] = combined / combined.sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32)


def _unit(embeddings: Floats) -> Floats:
    unit: Floats = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit
