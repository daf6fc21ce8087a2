"""Measure a model on labelled texts that it was not trained on."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.metrics import f1_score

from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.calibration import expected_calibration_error
from training.examples import Example

OUT_OF_SCOPE_LABELS = frozenset({UNKNOWN_INTENT, "oos"})
KEPT_SHARE = 0.95


class Latency(BaseModel):
    """Milliseconds of one message on one thread, tokenisation included."""

    p50: float
    p99: float


class OutOfScope(BaseModel):
    """How well messages for nobody are told from the others, by the probability of being so.

    `found_at_95_kept` is the share found at the threshold that keeps 95% of the others;
    `confident` the share answered with another intent and a confidence above 0.85.
    """

    n: int
    found_at_95_kept: float
    confident: float


class Evaluation(BaseModel):
    """Accuracy and macro F1 over all texts, ECE in 15 bins of equal width."""

    accuracy: float
    macro_f1: float
    ece: float
    n: int
    oos: OutOfScope | None
    latency_ms: Latency
    recall: dict[str, float]


def evaluate(model: OnnxClassifier, examples: Sequence[Example]) -> Evaluation:
    """Classify every example and compare with its label."""
    truth = np.array([example.label for example in examples])
    probabilities, milliseconds = _run(model, examples)
    predicted = np.array(model.labels)[probabilities.argmax(axis=1)]
    correct = predicted == truth
    return Evaluation(
        accuracy=float(correct.mean()),
        macro_f1=float(f1_score(truth, predicted, average="macro", zero_division=0)),
        ece=expected_calibration_error(probabilities.max(axis=1), correct),
        n=len(examples),
        oos=_out_of_scope(model, truth, predicted, probabilities),
        latency_ms=Latency(
            p50=float(np.percentile(milliseconds, 50)), p99=float(np.percentile(milliseconds, 99))
        ),
        recall={str(label): float(correct[truth == label].mean()) for label in np.unique(truth)},
    )


def _run(
    model: OnnxClassifier, examples: Sequence[Example]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    answers, milliseconds = [], []
    for example in examples:
        start = time.perf_counter()
        answers.append(model.answer(example.text).probabilities)
        milliseconds.append((time.perf_counter() - start) * 1000)
    return np.stack(answers), np.array(milliseconds)


def _out_of_scope(
    model: OnnxClassifier,
    truth: NDArray[np.str_],
    predicted: NDArray[np.str_],
    probabilities: NDArray[np.float32],
) -> OutOfScope | None:
    outside = np.isin(truth, list(OUT_OF_SCOPE_LABELS))
    columns = [i for i, label in enumerate(model.labels) if label in OUT_OF_SCOPE_LABELS]
    if not outside.any() or outside.all() or not columns:
        return None
    score = probabilities[:, columns].sum(axis=1)
    threshold = np.quantile(score[~outside], KEPT_SHARE)
    answered = ~np.isin(predicted, list(OUT_OF_SCOPE_LABELS)) & (probabilities.max(axis=1) > 0.85)
    return OutOfScope(
        n=int(outside.sum()),
        found_at_95_kept=float((score[outside] > threshold).mean()),
        confident=float(answered[outside].mean()),
    )
