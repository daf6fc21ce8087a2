"""The scope: how likely a message is meant for this assistant, from 0 to 1.

The intents' probabilities do not show this: they rank the intents on the assumption that one of
them applies. The scope is the logistic function of a weighted sum of features, none of which is an
intent: the energy of the intents' logits (Liu et al. 2020), the similarity to the nearest prototype
of an intent and, where the examples have out-of-scope messages, the log odds against them and how
much nearer the intents' prototypes are than theirs.

A fair sample with enough out-of-scope messages calibrates the scope: it is then the probability
that a message is in scope. Without such evidence, the scope only ranks messages, and 0.5 is where
`IN_SCOPE_RECALL` of the in-scope messages are kept.

Written examples show nothing about messages that are unlike them. So where the seeds are the fair
sample, no intent is predicted with a confidence above `MAX_UNSHOWN_CONFIDENCE` for a message whose
scope only few seeds fall below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax
from sklearn.metrics import roc_auc_score, roc_curve

from prompt_capture.adapters.onnx.classifier import (
    MAX_UNSHOWN_CONFIDENCE,
    SECOND_PLACE,
    intent_mask,
)
from prompt_capture.domain.predictions import MIN_SCOPE, OUT_OF_SCOPE_LABELS
from training.calibrate.predictions import Predictions
from training.calibrate.prototypes import Prototypes
from training.calibrate.samples import weighted_quantile

Floats = NDArray[np.floating]

IN_SCOPE_RECALL = 0.95
"""The share of in-scope messages with a scope of at least 0.5, unless the scope is calibrated."""
ENERGY_SHARPNESS = 2.0
MIN_OUT_OF_SCOPE = 20
"""With fewer examples that are out of scope, `train` recommends to add some."""
MIN_EVIDENCE = 10
"""How many messages of each kind a fair sample needs to calibrate the scope."""
INVERSE_REGULARISATION = 0.07
"""Of the scope's regression: a small sample leaves the scope close to the share in scope."""
MIN_SHADING_FACTOR = 0.5
"""The factor by which shading multiplies a confidence where the scope is 0."""
UNTYPICAL_SHARE = 0.15
"""The share of the seeds that a message must be more typical than to get a higher confidence."""
UNTYPICAL_SHARE_OF_FEW, FEW_SEEDS = 0.3, 500
"""That share with fewer seeds, which also show less about the messages like them."""
SMALLEST = 1e-9
"""Keeps quotients finite where the scope, and with it every intent's probability, is 0."""


@dataclass(frozen=True)
class ScopeWeights:
    """Weights [features] and a bias for `scope_features`.

    `is_calibrated` is whether the scope is a probability, learned from a fair sample. Below the
    scope `typical`, messages are unlike those that the sample showed the intents to be right for.
    """

    weights: Floats
    bias: float
    is_calibrated: bool
    typical: float = 0.0

    def most_confident(self, scope: Floats) -> Floats:
        """Return the highest probability [n] that an intent may have at a scope [n]."""
        return np.where(scope < self.typical, MAX_UNSHOWN_CONFIDENCE, 1.0)

    def score(self, features: Floats) -> Floats:
        """Return the scope [n] for features [n, any]."""
        score: Floats = expit(features @ self.weights + self.bias)
        return score


@dataclass(frozen=True)
class ScopeScorer:
    """Computes the scope for a stage: `labels` are those of the logits' columns."""

    labels: tuple[str, ...]
    prototypes: Prototypes
    weights: ScopeWeights

    def score(self, logits: Floats, embeddings: Floats) -> Floats:
        """Return the scope [n] for logits [n, labels] and embeddings [n, width]."""
        similarity = self.prototypes.similarity(embeddings)
        return self.weights.score(scope_features(logits, similarity, self.labels))


def count_features(labels: Sequence[str]) -> int:
    """Return how many features `scope_features` returns for these labels."""
    return 4 if OUT_OF_SCOPE_LABELS.intersection(labels) else 2


def scope_features(logits: Floats, similarity: Floats, labels: tuple[str, ...]) -> Floats:
    """Return [n, 2 or 4] features, all of which rise with the scope.

    They are the energy and the similarity and, with an out-of-scope label, the log odds against it
    and the difference of the similarities. `logits` [n, labels] are divided by the temperature.
    `similarity` [n, 1 or 2] is that of `Prototypes.similarity`.
    """
    inside, outside = split_columns(labels)
    in_scope = logits[:, inside]
    energy = logsumexp(in_scope * ENERGY_SHARPNESS, axis=1) / ENERGY_SHARPNESS
    columns = [energy, similarity[:, 0]]
    if len(outside):
        odds = logsumexp(in_scope, axis=1) - logsumexp(logits[:, outside], axis=1)
        columns += [odds, similarity[:, 0] - similarity[:, 1]]
    return np.stack(columns, axis=1)


def label_probabilities(
    logits: Floats, scope: Floats, labels: tuple[str, ...], weights: ScopeWeights
) -> Floats:
    """Return the probabilities [n, labels] that a stage answers with.

    - With a calibrated scope, an intent has its probability among the intents, times the scope. The
      out-of-scope labels have the rest where the scope is below `MIN_SCOPE`, and less than the best
      intent elsewhere.
    - With an out-of-scope label and no calibrated scope, all labels compete.
    - Without an out-of-scope label, probabilities are lowered where the scope is below 0.5
      (shading), since nothing else lowers them for a message that has none of the intents. The
      probability that is taken off goes to no label.

    In any case, no intent has more than `MAX_UNSHOWN_CONFIDENCE` where the scope is below the
    typical one. `logits` [n, labels] are divided by the temperature.
    """
    inside, outside = split_columns(labels)
    probabilities: Floats = softmax(logits, axis=1)
    if not len(outside):
        probabilities *= np.minimum(1, scope + MIN_SHADING_FACTOR)[:, None]
    elif weights.is_calibrated:
        probabilities[:, inside] = softmax(logits[:, inside], axis=1) * scope[:, None]
    best = probabilities[:, inside].max(axis=1)
    shown = np.minimum(best, weights.most_confident(scope))
    probabilities[:, inside] *= (shown / np.maximum(best, SMALLEST))[:, None]
    if len(outside) and weights.is_calibrated:
        rest = 1 - scope
        rest = np.where(scope < MIN_SCOPE, rest, np.minimum(rest, SECOND_PLACE * shown))
        probabilities[:, outside] = softmax(logits[:, outside], axis=1) * rest[:, None]
    return probabilities


def split_columns(labels: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns of the in-scope labels, and those of the out-of-scope labels."""
    is_intent = intent_mask(labels)
    return np.flatnonzero(is_intent), np.flatnonzero(~is_intent)


def unmeasured_scope(labels: Sequence[str]) -> ScopeWeights:
    """Return weights for which the scope is always 0.5, and no message is typical."""
    return ScopeWeights(np.zeros(count_features(labels)), 0.0, is_calibrated=False, typical=1.0)


def typical_scope(scope: Floats, seeds: NDArray[np.bool_]) -> float:
    """Return the scope that a small share of the in-scope `seeds` [n] falls below."""
    share = UNTYPICAL_SHARE if seeds.sum() >= FEW_SEEDS else UNTYPICAL_SHARE_OF_FEW
    return float(np.quantile(scope[seeds], share)) if seeds.any() else 1.0


def fit_scope(
    features: Floats, in_scope: NDArray[np.bool_], samples: Sequence[Floats]
) -> ScopeWeights:
    """Fit the weights to the features [n, any] of held-out examples.

    Each of the `samples` is a weight [n] for each example. The first one with `MIN_EVIDENCE`
    examples of both kinds calibrates the scope by a logistic regression, in which no feature has a
    negative weight. Where there is none, each feature has the inverse of its standard deviation as
    its weight, and the bias is such that `IN_SCOPE_RECALL` of the last sample's in-scope examples
    score at least 0.5.
    """
    for sample in samples:
        counted = sample > 0
        if min((in_scope & counted).sum(), (~in_scope & counted).sum()) >= MIN_EVIDENCE:
            return _fit_regression(features[counted], in_scope[counted], sample[counted])
    weights = 1 / np.maximum(features[samples[-1] > 0].std(axis=0), 1e-9)
    threshold = 0.0
    if (samples[-1] * in_scope).any():
        scores = features @ weights
        threshold = weighted_quantile(scores, 1 - IN_SCOPE_RECALL, samples[-1] * in_scope)
    return ScopeWeights(weights, -threshold, is_calibrated=False)


def _fit_regression(features: Floats, in_scope: NDArray[np.bool_], sample: Floats) -> ScopeWeights:
    mean = np.average(features, axis=0, weights=sample)
    variance = np.average((features - mean) ** 2, axis=0, weights=sample)
    deviation = np.sqrt(np.maximum(variance, 1e-18))
    scaled, sign = (features - mean) / deviation, np.where(in_scope, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, bias = parameters[:-1], parameters[-1]
        scores = sign * (scaled @ weights + bias)
        slopes = -sign * expit(-scores) * sample
        penalty = weights @ weights / (2 * INVERSE_REGULARISATION)
        gradient = np.append(scaled.T @ slopes + weights / INVERSE_REGULARISATION, slopes.sum())
        return float(sample @ np.logaddexp(0, -scores) + penalty), gradient

    count = features.shape[1]
    bounds = [(0.0, None)] * count + [(None, None)]
    fitted = minimize(loss, np.zeros(count + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = fitted[:-1] / deviation
    return ScopeWeights(weights, float(fitted[-1] - weights @ mean), is_calibrated=True)


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
