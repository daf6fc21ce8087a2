"""Evaluate models on labelled texts that they were not trained on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import f1_score

from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier, intent_mask
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.confidence import expected_calibration_error
from training.calibrate.predictions import Predictions
from training.calibrate.scope import scope_curve
from training.data.examples import Example

CONFIDENT = 0.85
"""The confidence above which a wrong intent for an out-of-scope message is a false acceptance."""


MIN_ECE_MESSAGES = 500
"""With fewer messages, chance alone makes a calibration error of several points."""


class LatencyPercentiles(BaseModel):
    """Milliseconds per message on one thread, tokenisation included."""

    p50: float
    p99: float


class OutOfScopeMetrics(BaseModel):
    """How well the model detects the `n` out-of-scope messages.

    `found_at_95_kept` is the share of them with a scope below the threshold that keeps 95%
    of the in-scope messages. `false_accept_rate` is the share of them that gets another intent with
    a confidence above 0.85.
    """

    n: int
    found_at_95_kept: float
    false_accept_rate: float


class EvaluationMetrics(BaseModel):
    """Metrics over `n` messages.

    `ece` is the expected calibration error in 15 bins of equal width. `oos` is None where the
    labels are not both in scope and out of scope. `recall` holds the recall per intent.
    """

    accuracy: float
    macro_f1: float
    ece: float
    n: int
    oos: OutOfScopeMetrics | None
    recall: dict[str, float]


class Evaluation(EvaluationMetrics):
    """The metrics of a model, and its latency."""

    latency_ms: LatencyPercentiles


def evaluate(model: OnnxClassifier, examples: Sequence[Example]) -> Evaluation:
    """Classify every example and compare the prediction with its label."""
    ((_, evaluation),) = evaluate_models([model], examples)
    return evaluation


def evaluate_models(
    models: Sequence[OnnxClassifier],
    examples: Sequence[Example],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[tuple[Predictions, Evaluation]]:
    """Evaluate models as `classify_in_turn` does, and return their predictions too."""
    texts = [example.text for example in examples]
    truth = [example.label for example in examples]
    runs = classify_in_turn(models, texts, on_progress)
    return [(run.predictions(texts, truth), run.evaluation(texts, truth)) for run in runs]


def classify_in_turn(
    models: Sequence[OnnxClassifier],
    texts: Sequence[str],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> "list[ModelRun]":
    """Classify texts, one after the other, with all models.

    Every model classifies a text before the next text begins, so that other load on the machine
    slows all models alike. `on_progress` receives the number of texts done, and of all texts.
    """
    runs = [ModelRun(model) for model in models]
    for done, text in enumerate(texts, 1):
        for run in runs:
            run.classify(text)
        on_progress(done, len(texts))
    return runs


def predict(model: OnnxClassifier, examples: Sequence[Example]) -> Predictions:
    """Classify every example, one after the other."""
    ((predictions, _),) = evaluate_models([model], examples)
    return predictions


@dataclass
class ModelRun:
    """A model, its outputs so far, and the milliseconds that each took."""

    model: OnnxClassifier
    outputs: list[ModelOutput] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def classify(self, text: str) -> None:
        """Classify one more text."""
        start = time.perf_counter()
        self.outputs.append(self.model.predict(text))
        self.milliseconds.append((time.perf_counter() - start) * 1000)

    def predictions(self, texts: Sequence[str], truth: Sequence[str]) -> Predictions:
        """Return the outputs as predictions for the `texts`, which have the labels `truth`."""
        n = len(self.outputs)
        probabilities = [output.probabilities for output in self.outputs]
        return Predictions(
            texts=texts,
            truth=np.array(truth, str),
            labels=self.model.labels,
            probabilities=np.array(probabilities).reshape(n, len(self.model.labels)),
            scope=np.array([output.scope for output in self.outputs], float),
        )

    def evaluation(self, texts: Sequence[str], truth: Sequence[str]) -> Evaluation:
        """Return the metrics for labelled texts."""
        p50, p99 = np.percentile(self.milliseconds, [50, 99]).tolist()
        return Evaluation(
            **dict(compute_metrics(self.predictions(texts, truth))),
            latency_ms=LatencyPercentiles(p50=p50, p99=p99),
        )


def compute_metrics(predictions: Predictions) -> EvaluationMetrics:
    """Compute the metrics of predictions."""
    truth, correct, weights = predictions.truth, predictions.correct, predictions.weights
    f1 = f1_score(
        truth, predictions.predicted, average="macro", zero_division=0, sample_weight=weights
    )
    rows = {str(label): truth == label for label in np.unique(truth)}
    return EvaluationMetrics(
        accuracy=predictions.accuracy,
        macro_f1=float(f1),
        ece=expected_calibration_error(predictions.confidences, correct, weights),
        n=len(truth),
        oos=_out_of_scope_metrics(predictions),
        recall={
            label: float(np.average(correct[own], weights=weights[own]))
            for label, own in rows.items()
        },
    )


def _out_of_scope_metrics(predictions: Predictions) -> OutOfScopeMetrics | None:
    curve = scope_curve(predictions)
    if curve is None:
        return None
    out_of_scope = ~predictions.in_scope
    accepted = is_accepted_with_confidence(predictions)
    return OutOfScopeMetrics(
        n=int(out_of_scope.sum()),
        found_at_95_kept=curve.found_at_95_kept,
        false_accept_rate=float(accepted[out_of_scope].mean()),
    )


def is_accepted_with_confidence(predictions: Predictions) -> NDArray[np.bool_]:
    """Return which messages get an intent with a confidence above `CONFIDENT`: [n]."""
    return _has_intent(predictions) & (predictions.confidences > CONFIDENT)


def is_recognised_as_out_of_scope(predictions: Predictions) -> NDArray[np.bool_]:
    """Return which messages service does not take for messages to this assistant: [n]."""
    return ~_has_intent(predictions) | (predictions.scope < MIN_SCOPE)


def _has_intent(predictions: Predictions) -> NDArray[np.bool_]:
    return intent_mask(predictions.predicted)
