"""The scope: how likely a message is meant for this assistant, from 0 to 1.

A calibrated confidence does not show this: it ranks the intents on the assumption that one of them
applies. The scope is the logistic function of a weighted sum of up to three features: the energy of
the logits (Liu et al. 2020), the similarity to the nearest intent centroid, and the log odds of the
intents against the out-of-scope labels, where the model has such labels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

from training.calibrate.predictions import OUT_OF_SCOPE_LABELS, Predictions
from training.fit.heads import Head, round_to_int8

Floats = NDArray[np.floating]

IN_SCOPE_RECALL = 0.95
"""The share of in-scope messages with a scope of at least 0.5."""
ENERGY_SHARPNESS = 2.0
MIN_OUT_OF_SCOPE = 20
MIN_SHADING_FACTOR = 0.5
"""The factor by which shading multiplies a confidence where the scope is 0."""


@dataclass(frozen=True)
class ScopeScorer:
    """Computes the scope for a stage.

    `in_scope` and `out_of_scope` are columns of the logits. `centroids` [intents, width] have unit
    length. `weights` [features] and `bias` belong to the features of `scope_features`.
    """

    in_scope: NDArray[np.intp]
    out_of_scope: NDArray[np.intp]
    centroids: Floats
    weights: Floats
    bias: float

    def score(self, logits: Floats, embeddings: Floats) -> Floats:
        """Return the scope [n] for logits [n, labels] and embeddings [n, width]."""
        features = scope_features(
            logits, max_similarity(embeddings, self.centroids), self.in_scope, self.out_of_scope
        )
        score: Floats = expit(features @ self.weights + self.bias)
        return score


def scope_features(
    logits: Floats,
    similarity: Floats,
    in_scope: NDArray[np.intp],
    out_of_scope: NDArray[np.intp],
) -> Floats:
    """Return [n, 2 or 3]: energy, similarity, and log odds against the out-of-scope labels.

    `logits` [n, labels] are divided by the temperature. `similarity` [n] is that of
    `max_similarity`.
    """
    energy = logsumexp(logits[:, in_scope] * ENERGY_SHARPNESS, axis=1) / ENERGY_SHARPNESS
    columns = [energy, similarity]
    if len(out_of_scope):
        odds = logsumexp(logits[:, in_scope], axis=1) - logsumexp(logits[:, out_of_scope], axis=1)
        columns.append(odds)
    return np.stack(columns, axis=1)


def max_similarity(embeddings: Floats, centroids: Floats) -> Floats:
    """Return the cosine of each embedding [n, width] and its nearest centroid: [n]."""
    nearest: Floats = (_unit(embeddings) @ centroids.T).max(axis=1)
    return nearest


def shade(probabilities: Floats, scope: Floats, out_of_scope: NDArray[np.intp]) -> Floats:
    """Lower probabilities [n, labels] where the scope [n] is below 0.5 (shading).

    Applies only to a model without out-of-scope labels: nothing else lowers the confidence of such
    a model for a message that has none of its intents. At a scope of 0 the probabilities are
    halved. The probability that is taken off goes to no label.
    """
    if len(out_of_scope):
        return probabilities
    lowered: Floats = probabilities * np.minimum(1, scope + MIN_SHADING_FACTOR)[:, None]
    return lowered


def split_columns(labels: tuple[str, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns of the in-scope labels, and those of the out-of-scope labels."""
    is_out_of_scope = np.isin(labels, list(OUT_OF_SCOPE_LABELS))
    return np.flatnonzero(~is_out_of_scope), np.flatnonzero(is_out_of_scope)


def intent_centroids(head: Head, embeddings: Floats, labels: NDArray[np.str_]) -> Floats:
    """Return the mean embedding of each in-scope intent: [intents, width].

    A centroid has unit length before it is rounded to int8.
    """
    in_scope, _ = split_columns(head.labels)
    unit = _unit(embeddings)
    means = np.stack([unit[labels == head.labels[column]].mean(axis=0) for column in in_scope])
    return round_to_int8(_unit(means).T).T


def fit_scope(features: Floats, in_scope: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Fit weights [features] and a bias to the features [n, any] of out-of-fold examples.

    With at least `MIN_OUT_OF_SCOPE` out-of-scope examples, the weights are those of a logistic
    regression. With fewer, each feature has the inverse of its standard deviation as its weight.
    The bias is such that `IN_SCOPE_RECALL` of the in-scope examples score at least 0.5.
    """
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    weights = 1 / deviation
    if (~in_scope).sum() >= MIN_OUT_OF_SCOPE:
        classifier = LogisticRegression(class_weight="balanced")
        classifier.fit((features - mean) / deviation, in_scope)
        weights = classifier.coef_[0] / deviation
    scores = features[in_scope] @ weights
    threshold = np.quantile(scores, 1 - IN_SCOPE_RECALL) if in_scope.any() else 0.0
    return weights, float(-threshold)


def _unit(vectors: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit: Floats = vectors / lengths
    return unit


@dataclass(frozen=True)
class ScopeCurve:
    """The trade-off of each threshold on the scope.

    `kept` [points] is the share of in-scope messages at or above the threshold, and `found`
    [points] the share of out-of-scope messages below it. `found_at_95_kept` is the share found at
    the threshold that keeps 95%. `auroc` is the area under the ROC curve: the probability that an
    in-scope message scores higher than an out-of-scope one.
    """

    kept: NDArray[np.floating]
    found: NDArray[np.floating]
    found_at_95_kept: float
    auroc: float


def scope_curve(predictions: Predictions) -> ScopeCurve | None:
    """Return the curve, or None where the labels are not both in scope and out of scope."""
    in_scope, scope = predictions.in_scope, predictions.scope
    if in_scope.all() or not in_scope.any():
        return None
    lost, found, _ = roc_curve(~in_scope, -scope)
    threshold = np.quantile(scope[in_scope], 1 - IN_SCOPE_RECALL)
    return ScopeCurve(
        kept=1 - lost,
        found=found,
        found_at_95_kept=float((scope[~in_scope] < threshold).mean()),
        auroc=float(roc_auc_score(in_scope, scope)),
    )
