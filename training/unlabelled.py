"""What a few labels say of many messages without one."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.semi_supervised import LabelSpreading

from training.head import Floats, Head

NEIGHBOURS = 10
SPREADING = 0.9
SHARPNESS = 1 / 0.6
MIN_SHARE = 1e-3
MAX_TEXTS = 20_000


def guesses(
    head: Head, labelled: Floats, labels: NDArray[np.str_], unlabelled: Floats
) -> NDArray[np.float32]:
    """Answer the probability of each of the head's labels for each unlabelled text.

    The head's own answer, times the root of what spreads to it from the labelled texts along the
    nearest neighbours (Zhou et al. 2004): `labelled` and `unlabelled` are embeddings [any, width].
    """
    columns = np.searchsorted(head.labels, labels)
    nobody = np.full(len(unlabelled), -1)
    spreading = LabelSpreading(
        kernel="knn", n_neighbors=NEIGHBOURS, alpha=SPREADING, max_iter=1_000, n_jobs=-1
    )
    spreading.fit(_unit(np.concatenate([labelled, unlabelled])), np.concatenate([columns, nobody]))
    spread = spreading.label_distributions_[len(labelled) :]
    guessed = softmax(head.logits(unlabelled) * SHARPNESS, axis=1) * np.sqrt(spread + MIN_SHARE)
    shares: NDArray[np.float32] = guessed / guessed.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)


def _unit(embeddings: Floats) -> Floats:
    unit: Floats = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit
