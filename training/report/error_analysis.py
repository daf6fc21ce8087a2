"""Error analysis: metrics per intent, confusions, and the most confident mistakes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from training.calibrate.predictions import Predictions


@dataclass(frozen=True)
class Confusion:
    """How often one intent was predicted where another was true."""

    truth: str
    predicted: str
    count: int


@dataclass(frozen=True)
class IntentMetrics:
    """The metrics of one intent, which is the true label of `n` messages.

    `precision` is None where the intent was never predicted, and `recall` where `n` is 0.
    `confusion` is the most frequent wrong prediction for the intent.
    """

    label: str
    n: int
    precision: float | None
    recall: float | None
    f1: float
    confusion: Confusion | None


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction and its confidence."""

    text: str
    truth: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts [labels, labels]: a row per true intent, a column per predicted intent."""

    labels: tuple[str, ...]
    counts: NDArray[np.integer]


def count_confusions(predictions: Predictions) -> list[Confusion]:
    """Return the confused pairs of intents, the most frequent first."""
    wrong = ~predictions.correct
    pairs = Counter(
        zip(predictions.truth[wrong].tolist(), predictions.predicted[wrong].tolist(), strict=True)
    )
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(truth, predicted, count) for (truth, predicted), count in ordered]


def intent_metrics(predictions: Predictions) -> list[IntentMetrics]:
    """Return the metrics of every true or predicted intent, the lowest F1 first."""
    labels = _list_labels(predictions)
    precisions, recalls, f1s, counts = precision_recall_fscore_support(
        predictions.truth, predictions.predicted, labels=labels, zero_division=np.nan
    )
    worst: dict[str, Confusion] = {}
    for confusion in count_confusions(predictions):
        worst.setdefault(confusion.truth, confusion)
    metrics = [
        IntentMetrics(
            label=label,
            n=int(n),
            precision=None if np.isnan(precision) else float(precision),
            recall=None if np.isnan(recall) else float(recall),
            f1=float(f1),
            confusion=worst.get(label),
        )
        for label, precision, recall, f1, n in zip(
            labels, precisions, recalls, f1s, counts, strict=True
        )
    ]
    return sorted(metrics, key=lambda each: (each.f1, each.label))


def build_confusion_matrix(predictions: Predictions, max_labels: int) -> ConfusionMatrix:
    """Count true against predicted intents: all, or the `max_labels` most often confused."""
    labels = _list_labels(predictions)
    if len(labels) > max_labels:
        confused = _most_confused(count_confusions(predictions), max_labels)
        labels = confused or labels[:max_labels]
    counts = confusion_matrix(predictions.truth, predictions.predicted, labels=labels)
    return ConfusionMatrix(tuple(labels), counts)


def _most_confused(pairs: Sequence[Confusion], max_labels: int) -> list[str]:
    chosen: set[str] = set()
    for pair in pairs:
        if len(chosen | {pair.truth, pair.predicted}) <= max_labels:
            chosen |= {pair.truth, pair.predicted}
    return sorted(chosen)


def most_confident_mistakes(predictions: Predictions, limit: int) -> list[Mistake]:
    """Return the wrong predictions with the highest confidence, at most `limit`."""
    (wrong,) = np.nonzero(~predictions.correct)
    predicted, confidences = predictions.predicted, predictions.confidences
    mistakes = [
        Mistake(
            predictions.texts[index],
            str(predictions.truth[index]),
            str(predicted[index]),
            float(confidences[index]),
        )
        for index in wrong.tolist()
    ]
    return sorted(mistakes, key=lambda each: (-each.confidence, each.text))[:limit]


def _list_labels(predictions: Predictions) -> list[str]:
    return sorted({*predictions.truth.tolist(), *predictions.predicted.tolist()})
