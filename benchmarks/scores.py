"""Scoring answers: how many are right, what their confidence is worth, what is out of scope."""

from collections.abc import Sequence

import numpy as np

from benchmarks.data import Dataset
from benchmarks.results import Scores
from benchmarks.served.answer import OUT_OF_SCOPE, Answer
from training.calibration import expected_calibration_error

KEPT = 0.95
CONFIDENT = 0.85


def score(
    data: Dataset, answers: Sequence[Answer], oos: Sequence[Answer], seconds: float
) -> Scores:
    """Score the answers to the test texts, and to the out-of-scope texts if there are any."""
    correct = np.array(
        [a.intent == example.label for a, example in zip(answers, data.test, strict=True)]
    )
    accuracy = float(correct.mean())
    unseen = correct[np.array(data.unseen)]
    return Scores(
        accuracy=accuracy,
        standard_error=float(np.sqrt(accuracy * (1 - accuracy) / len(correct))),
        accuracy_unseen=float(unseen.mean()) if len(unseen) else None,
        ece=expected_calibration_error(np.array([a.confidence for a in answers]), correct),
        oos_found=_found(answers, oos) if oos else None,
        oos_confident=_confident(oos) if oos else None,
        seconds=seconds,
        seeds=1,
    )


def average(runs: Sequence[Scores]) -> Scores:
    """Average over seeds.

    The standard error is that of the mean accuracy: the test texts are the same in each run, so
    that theirs stays, and that of the draw of the training data is added.
    """
    if len(runs) == 1:
        return runs[0]
    fields = {name: [getattr(run, name) for run in runs] for name in Scores.model_fields}
    means = {
        name: None if None in values else float(np.mean(values)) for name, values in fields.items()
    }
    draw = np.var(fields["accuracy"], ddof=1) / len(runs)
    texts = np.mean(np.square(fields["standard_error"]))
    changed = {"standard_error": float(np.sqrt(texts + draw)), "seeds": len(runs)}
    return Scores.model_validate({**means, **changed})


def _found(answers: Sequence[Answer], oos: Sequence[Answer]) -> float:
    """Answer the share of out-of-scope texts that score below 95% of the test texts."""
    threshold = np.quantile([answer.scope for answer in answers], 1 - KEPT)
    return float(np.mean([answer.scope < threshold for answer in oos]))


def _confident(oos: Sequence[Answer]) -> float:
    wrong = [a.intent not in (None, OUT_OF_SCOPE) and a.confidence > CONFIDENT for a in oos]
    return float(np.mean(wrong))
