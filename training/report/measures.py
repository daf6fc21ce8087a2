"""Which intents a model mistakes for which, and where it was surest of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from training.predictions import Predictions


@dataclass(frozen=True)
class Confusion:
    """How often one intent was answered where another was true."""

    truth: str
    predicted: str
    count: int


@dataclass(frozen=True)
class IntentFigures:
    """How one intent fared in its `n` messages.

    `precision` is None where it was never answered, `recall` where no message has it; `confusion`
    is what it was most often mistaken for.
    """

    label: str
    n: int
    precision: float | None
    recall: float | None
    f1: float
    confusion: Confusion | None


@dataclass(frozen=True)
class Mistake:
    """A wrong answer and how sure the model was of it."""

    text: str
    truth: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class ConfusionTable:
    """Counts [labels, labels]: a row for each true intent, a column for each answered one."""

    labels: tuple[str, ...]
    counts: NDArray[np.integer]


def confusions(predictions: Predictions) -> list[Confusion]:
    """List the pairs that were confused, the most frequent first."""
    wrong = ~predictions.correct
    pairs = Counter(
        zip(predictions.truth[wrong].tolist(), predictions.predicted[wrong].tolist(), strict=True)
    )
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(truth, predicted, count) for (truth, predicted), count in ordered]


def intent_figures(predictions: Predictions) -> list[IntentFigures]:
    """Measure every intent that was true or answered, the worst F1 first."""
    labels = _seen_labels(predictions)
    precisions, recalls, f1s, counts = precision_recall_fscore_support(
        predictions.truth, predictions.predicted, labels=labels, zero_division=np.nan
    )
    worst: dict[str, Confusion] = {}
    for confusion in confusions(predictions):
        worst.setdefault(confusion.truth, confusion)
    figures = [
        IntentFigures(
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
    return sorted(figures, key=lambda each: (each.f1, each.label))


def confusion_table(predictions: Predictions, most: int) -> ConfusionTable:
    """Count true against answered intents: all, or `most` of those most often confused."""
    labels = _seen_labels(predictions)
    if len(labels) > most:
        labels = _most_confused(confusions(predictions), most) or labels[:most]
    counts = confusion_matrix(predictions.truth, predictions.predicted, labels=labels)
    return ConfusionTable(tuple(labels), counts)


def _most_confused(pairs: Sequence[Confusion], most: int) -> list[str]:
    chosen: set[str] = set()
    for pair in pairs:
        if len(chosen | {pair.truth, pair.predicted}) <= most:
            chosen |= {pair.truth, pair.predicted}
    return sorted(chosen)


def worst_mistakes(predictions: Predictions, most: int) -> list[Mistake]:
    """List the wrong answers that the model was surest of."""
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
    return sorted(mistakes, key=lambda each: (-each.confidence, each.text))[:most]


def _seen_labels(predictions: Predictions) -> list[str]:
    return sorted({*predictions.truth.tolist(), *predictions.predicted.tolist()})
