"""The classification head: a linear model on what an encoder answers."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from training.networks.graphs import int8_columns

INVERSE_REGULARISATION = 10.0
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Head:
    """A linear classifier: `weights` [width, labels], `bias` [labels]."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats

    def logits(self, embeddings: Floats) -> Floats:
        """Score embeddings [n, width] as logits [n, labels]."""
        scores: Floats = embeddings @ self.weights + self.bias
        return scores

    def divided_by(self, temperature: float) -> Self:
        """Answer the head whose softmax is calibrated."""
        return type(self)(self.labels, self.weights / temperature, self.bias / temperature)

    def in_steps(self) -> Self:
        """Answer the head with weights that a graph can hold as bytes."""
        return type(self)(self.labels, in_steps(self.weights), self.bias)


def fit_head(
    embeddings: Floats,
    labels: NDArray[np.str_],
    weights: Floats | None = None,
    inverse_regularisation: float = INVERSE_REGULARISATION,
) -> Head:
    """Fit a multinomial logistic regression; two labels get a column each, as more would.

    `weights` [n] say how much each of the embeddings [n, width] counts.
    """
    classifier = LogisticRegression(C=inverse_regularisation, max_iter=500)
    classifier.fit(embeddings, labels, sample_weight=weights)
    matrix, bias = classifier.coef_.T, classifier.intercept_
    if matrix.shape[1] == 1:
        matrix, bias = np.hstack([-matrix / 2, matrix / 2]), np.hstack([-bias / 2, bias / 2])
    return Head(tuple(str(label) for label in classifier.classes_), matrix, bias)


def in_steps(matrix: Floats) -> Floats:
    """Round a matrix [rows, columns] to 255 steps a column: what int8 and a scale can hold."""
    steps, scales = int8_columns(matrix)
    rounded: Floats = steps * scales
    return rounded
