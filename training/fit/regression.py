"""Multinomial logistic regression that uses all cores and does not copy the data."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from training.config import ProgressCallback, ignore_progress

Floats = NDArray[np.floating]

ROWS_PER_CHUNK = 2_048
MAX_ITERATIONS = 300
MAX_GRADIENT = 1e-5
"""The fit ends where no component of the gradient, per example, is larger."""
MIN_RELATIVE_DECREASE = 1e-7
"""The fit ends where a step lowers the objective by less."""
ROW_LENGTH = 6.0
"""The root mean square length to which the centred rows are scaled."""


class LinearWeights(NamedTuple):
    """Logits are `embeddings @ weights + bias`: `weights` [width, classes], `bias` [classes]."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


def fit_logistic_regression(
    embeddings: Floats,
    columns: NDArray[np.integer],
    sample_weights: Floats | None = None,
    inverse_regularisation: float = 1.0,
    on_progress: ProgressCallback = ignore_progress,
) -> LinearWeights:
    """Minimise the penalised cross entropy with L-BFGS.

    `embeddings` [n, width] belong to the classes `columns` [n], which are numbered from 0. The
    objective is that of scikit-learn's `LogisticRegression`, where `inverse_regularisation` is C.
    It is computed in chunks of rows, one per core and with one BLAS thread each: a BLAS that
    divides each small product among all cores spends most of its time on waiting. The chunks are
    summed in a fixed order, so that the number of cores does not change the result.
    """
    objective = _Objective(embeddings, columns, sample_weights, inverse_regularisation)
    iterations = 0

    def report(_: Floats) -> None:
        nonlocal iterations
        iterations += 1
        on_progress(iterations, MAX_ITERATIONS)

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as threads:
        result = minimize(
            lambda parameters: objective.evaluate(parameters, threads),
            np.zeros((embeddings.shape[1] + 1) * objective.classes),
            jac=True,
            method="L-BFGS-B",
            callback=report,
            options={
                "maxiter": MAX_ITERATIONS,
                "gtol": MAX_GRADIENT,
                "ftol": MIN_RELATIVE_DECREASE,
            },
        )
    on_progress(MAX_ITERATIONS, MAX_ITERATIONS)
    return objective.linear_weights(result.x)


class _Objective:
    """The penalised cross entropy per example, and its gradient.

    Its parameters belong to features that are centred and scaled, for which L-BFGS needs fewer
    steps. The features themselves are not changed: that would be a copy of them.
    """

    def __init__(
        self,
        embeddings: Floats,
        columns: NDArray[np.integer],
        sample_weights: Floats | None,
        inverse_regularisation: float,
    ) -> None:
        self._embeddings = embeddings
        self._columns = columns
        self._sample_weights = (
            np.ones(len(columns), np.float32)
            if sample_weights is None
            else sample_weights.astype(np.float32)
        )
        self._total = float(self._sample_weights.sum())
        self.classes = int(columns.max()) + 1
        self._mean = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
        squares = np.einsum("nw,nw->", embeddings, embeddings, dtype=np.float64) / len(columns)
        variance = squares - float(self._mean @ self._mean)
        self._scale = np.float32(ROW_LENGTH / max(variance, 1e-6) ** 0.5)
        self._penalty = 1 / (inverse_regularisation * self._total)

    def linear_weights(self, parameters: Floats) -> LinearWeights:
        """Convert the parameters [(width + 1) * classes] to those of the given features."""
        matrix = parameters.astype(np.float32).reshape(-1, self.classes)
        weights = matrix[:-1] * self._scale
        return LinearWeights(weights, matrix[-1] - self._mean @ weights)

    def evaluate(self, parameters: Floats, threads: ThreadPoolExecutor) -> tuple[float, Floats]:
        """Return the objective and its gradient."""
        model = self.linear_weights(parameters)
        starts = range(0, len(self._columns), ROWS_PER_CHUNK)
        chunks = threads.map(lambda start: self._evaluate_chunk(start, model), starts)
        loss, gradient, bias_gradient = next(chunks)
        for other, other_gradient, other_bias_gradient in chunks:
            loss += other
            gradient += other_gradient
            bias_gradient += other_bias_gradient
        gradient -= np.outer(self._mean, bias_gradient)
        gradient *= self._scale / self._total
        gradient += self._penalty * self._scale * model.weights
        joined = np.concatenate([gradient, bias_gradient[None] / self._total])
        penalty = self._penalty / 2 * float(np.square(model.weights, dtype=np.float64).sum())
        return loss / self._total + penalty, joined.astype(np.float64).ravel()

    def _evaluate_chunk(self, start: int, model: LinearWeights) -> tuple[float, Floats, Floats]:
        """Return the cross entropy of the chunk from row `start` on, and its gradients."""
        rows = slice(start, start + ROWS_PER_CHUNK)
        embeddings, weights = self._embeddings[rows], self._sample_weights[rows]
        own = np.arange(len(embeddings)), self._columns[rows]
        values = embeddings @ model.weights + model.bias
        values -= values.max(axis=1, keepdims=True)
        own_logits = values[own]
        np.exp(values, out=values)
        sums = values.sum(axis=1)
        loss = np.dot(weights, np.log(sums) - own_logits)
        values /= sums[:, None]
        values[own] -= 1
        values *= weights[:, None]
        return float(loss), embeddings.T @ values, values.sum(axis=0)
