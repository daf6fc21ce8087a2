"""The classification head, a linear model on embeddings, and pseudo-labels for unlabelled texts."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.semi_supervised import LabelSpreading

from training.config import ProgressCallback, ignore_progress
from training.fit.networks.graphs import quantise_columns
from training.fit.regression import fit_logistic_regression

Floats = NDArray[np.floating]

INVERSE_REGULARISATION = 30.0
NEIGHBOURS = 10
SPREADING_ALPHA = 0.9
INVERSE_TEMPERATURE = 1 / 0.6
MIN_SPREAD = 1e-3
MAX_TEXTS = 20_000
"""The maximum number of unlabelled texts."""
_UNLABELLED = -1
"""The class of an unlabelled row, as scikit-learn expects it."""


@dataclass(frozen=True)
class Head:
    """A linear classifier: `weights` [width, labels], `bias` [labels]."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats

    def logits(self, embeddings: Floats) -> Floats:
        """Compute logits [n, labels] from embeddings [n, width]."""
        logits: Floats = embeddings @ self.weights + self.bias
        return logits

    def divided_by(self, temperature: float) -> Self:
        """Return the head whose softmax is calibrated (temperature scaling)."""
        return type(self)(self.labels, self.weights / temperature, self.bias / temperature)

    def round_to_int8(self) -> Self:
        """Return the head with weights that a graph stores as int8 without loss."""
        return type(self)(self.labels, round_to_int8(self.weights), self.bias)


def fit_head(
    embeddings: Floats,
    labels: NDArray[np.str_],
    weights: Floats | None = None,
    inverse_regularisation: float = INVERSE_REGULARISATION,
    on_progress: ProgressCallback = ignore_progress,
) -> Head:
    """Fit a multinomial logistic regression to embeddings [n, width] and labels [n].

    `weights` [n] are sample weights.
    """
    names, columns = np.unique(labels, return_inverse=True)
    fitted = fit_logistic_regression(
        embeddings, columns, weights, inverse_regularisation, on_progress
    )
    return Head(tuple(names.tolist()), fitted.weights, fitted.bias)


def round_to_int8(matrix: Floats) -> Floats:
    """Round a matrix [rows, columns] to the values of int8 with one scale per column."""
    values, scales = quantise_columns(matrix)
    rounded: Floats = values * scales
    return rounded


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
