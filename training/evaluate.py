"""Measure a model on labelled texts that it was not trained on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel
from sklearn.metrics import f1_score

from prompt_capture.adapters.onnx_classifier import Answer, OnnxClassifier
from training.calibration import expected_calibration_error
from training.examples import Example
from training.predictions import OUT_OF_SCOPE_LABELS, Predictions
from training.scope_curve import scope_curve

CONFIDENT = 0.85


class Latency(BaseModel):
    """Milliseconds of one message on one thread, tokenisation included."""

    p50: float
    p99: float


class OutOfScope(BaseModel):
    """How well messages for nobody are told from the others, by the model's scope score.

    `found_at_95_kept` is the share found at the threshold that keeps 95% of the others;
    `confident` the share answered with another intent and a confidence above 0.85.
    """

    n: int
    found_at_95_kept: float
    confident: float


class Figures(BaseModel):
    """Accuracy and macro F1 over all texts, ECE in 15 bins of equal width."""

    accuracy: float
    macro_f1: float
    ece: float
    n: int
    oos: OutOfScope | None
    recall: dict[str, float]


class Evaluation(Figures):
    """The figures of a model, and how long it took for them."""

    latency_ms: Latency


def evaluate(model: OnnxClassifier, examples: Sequence[Example]) -> Evaluation:
    """Classify every example and compare with its label."""
    ((_, evaluation),) = measure([model], examples)
    return evaluation


def measure(
    models: Sequence[OnnxClassifier],
    examples: Sequence[Example],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[tuple[Predictions, Evaluation]]:
    """Evaluate models side by side, and answer their predictions too.

    Each text goes to all of them before the next: what else the machine does slows all alike.
    `on_progress` is called with how many texts are done, of how many.
    """
    asked = [_Asked(model) for model in models]
    for done, example in enumerate(examples, 1):
        for each in asked:
            each.ask(example.text)
        on_progress(done, len(examples))
    return [(each.predictions(examples), each.evaluation(examples)) for each in asked]


def predict(model: OnnxClassifier, examples: Sequence[Example]) -> Predictions:
    """Ask the model one text after the other."""
    ((predictions, _),) = measure([model], examples)
    return predictions


@dataclass
class _Asked:
    """A model, and what it has answered so far."""

    model: OnnxClassifier
    answers: list[Answer] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def ask(self, text: str) -> None:
        start = time.perf_counter()
        self.answers.append(self.model.answer(text))
        self.milliseconds.append((time.perf_counter() - start) * 1000)

    def predictions(self, examples: Sequence[Example]) -> Predictions:
        return Predictions(
            texts=[example.text for example in examples],
            truth=np.array([example.label for example in examples]),
            labels=self.model.labels,
            probabilities=np.stack([answer.probabilities for answer in self.answers]),
            scope=np.array([answer.scope for answer in self.answers]),
        )

    def evaluation(self, examples: Sequence[Example]) -> Evaluation:
        p50, p99 = np.percentile(self.milliseconds, [50, 99]).tolist()
        return Evaluation(
            **dict(figures(self.predictions(examples))), latency_ms=Latency(p50=p50, p99=p99)
        )


def figures(predictions: Predictions) -> Figures:
    """Compute what can be said of the answers as a whole."""
    truth, correct = predictions.truth, predictions.correct
    return Figures(
        accuracy=float(correct.mean()),
        macro_f1=float(f1_score(truth, predictions.predicted, average="macro", zero_division=0)),
        ece=expected_calibration_error(predictions.confidences, correct),
        n=len(truth),
        oos=_out_of_scope(predictions),
        recall={str(label): float(correct[truth == label].mean()) for label in np.unique(truth)},
    )


def _out_of_scope(predictions: Predictions) -> OutOfScope | None:
    curve = scope_curve(predictions)
    if curve is None:
        return None
    outside = ~predictions.in_scope
    answered = ~np.isin(predictions.predicted, list(OUT_OF_SCOPE_LABELS))
    return OutOfScope(
        n=int(outside.sum()),
        found_at_95_kept=curve.found_at_95_kept,
        confident=float((answered & (predictions.confidences > CONFIDENT))[outside].mean()),
    )
