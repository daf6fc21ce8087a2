"""Scope: how sure a model is that a message is for this assistant at all.

A calibrated confidence cannot tell: it says which intent, given that it is one. Scope adds up the
energy of the logits (Liu et al. 2020), the likeness to the nearest intent's mean, and, where
messages for nobody were among the examples, how far their label falls behind all others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp
from sklearn.linear_model import LogisticRegression

from training.head import Head, in_steps
from training.predictions import OUT_OF_SCOPE_LABELS

Floats = NDArray[np.floating]

KEPT_SHARE = 0.95
"""The share of messages in scope that score above a half."""
ENERGY_SHARPNESS = 2.0
MIN_OUTSIDE = 20
SHADE = 0.5
"""What is left of a confidence where scope is 0."""


@dataclass(frozen=True)
class Scope:
    """`means` [intents, width], of unit length; `weights` [features], `bias`: see `features`."""

    inside: NDArray[np.intp]
    outside: NDArray[np.intp]
    means: Floats
    weights: Floats
    bias: float

    def score(self, logits: Floats, embeddings: Floats) -> Floats:
        """Answer scope between 0 and 1 for logits [n, labels] and embeddings [n, width]: [n]."""
        found = features(logits, likeness(embeddings, self.means), self.inside, self.outside)
        score: Floats = expit(found @ self.weights + self.bias)
        return score


def features(
    logits: Floats,
    nearest: Floats,
    inside: NDArray[np.intp],
    outside: NDArray[np.intp],
) -> Floats:
    """Answer [n, 2 or 3]: energy, likeness, and the log odds against labels for nobody.

    `logits` [n, labels] are divided by the temperature; `nearest` [n] is the likeness.
    """
    energy = logsumexp(logits[:, inside] * ENERGY_SHARPNESS, axis=1) / ENERGY_SHARPNESS
    columns = [energy, nearest]
    if len(outside):
        odds = logsumexp(logits[:, inside], axis=1) - logsumexp(logits[:, outside], axis=1)
        columns.append(odds)
    return np.stack(columns, axis=1)


def likeness(embeddings: Floats, means: Floats) -> Floats:
    """Answer the cosine of each embedding [n, width] and the nearest of the means: [n]."""
    nearest: Floats = (_unit(embeddings) @ means.T).max(axis=1)
    return nearest


def shaded(probabilities: Floats, scope: Floats, outside: NDArray[np.intp]) -> Floats:
    """Answer probabilities [n, labels] that are lower where scope [n] is below a half.

    Only where no label is for nobody: then nothing else tells a confidence that the message may
    belong to no intent at all. What is taken off is nobody's; at a scope of 0 it is half.
    """
    if len(outside):
        return probabilities
    lowered: Floats = probabilities * np.minimum(1, scope + SHADE)[:, None]
    return lowered


def split_labels(labels: tuple[str, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Answer which columns are intents of the assistant, and which are for nobody."""
    for_nobody = np.isin(labels, list(OUT_OF_SCOPE_LABELS))
    return np.flatnonzero(~for_nobody), np.flatnonzero(for_nobody)


def mean_embeddings(head: Head, embeddings: Floats, labels: NDArray[np.str_]) -> Floats:
    """Answer each intent's mean embedding, of unit length but for rounding to bytes.

    [intents in scope, width].
    """
    inside, _ = split_labels(head.labels)
    unit = _unit(embeddings)
    means = np.stack([unit[labels == head.labels[column]].mean(axis=0) for column in inside])
    return in_steps(_unit(means).T).T


def fit_scope(found: Floats, in_scope: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Answer weights and bias for features [n, any] of examples that no fit has seen.

    With enough examples for nobody, a logistic regression of both; otherwise every feature counts
    by its spread. Either way `KEPT_SHARE` of the examples in scope score above a half.
    """
    mean, spread = found.mean(axis=0), np.maximum(found.std(axis=0), 1e-9)
    weights = 1 / spread
    if (~in_scope).sum() >= MIN_OUTSIDE:
        classifier = LogisticRegression(class_weight="balanced")
        classifier.fit((found - mean) / spread, in_scope)
        weights = classifier.coef_[0] / spread
    threshold = np.quantile(found[in_scope] @ weights, 1 - KEPT_SHARE) if in_scope.any() else 0.0
    return weights, float(-threshold)


def _unit(vectors: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit: Floats = vectors / lengths
    return unit
