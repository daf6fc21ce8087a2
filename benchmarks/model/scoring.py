"""Score predictions: accuracy, calibration and out-of-scope detection."""

from collections.abc import Sequence

import numpy as np

from benchmarks.model.data import Dataset
from benchmarks.model.predictors import OUT_OF_SCOPE, ScoredIntent
from benchmarks.model.results import ModelScores
from training.calibrate.confidence import expected_calibration_error

IN_SCOPE_RECALL = 0.95
CONFIDENCE_THRESHOLD = 0.85


def score_predictions(
    data: Dataset,
    predictions: Sequence[ScoredIntent],
    oos_predictions: Sequence[ScoredIntent],
    training_seconds: float | None,
) -> ModelScores:
    """Score the predictions for the test texts, and for the out-of-scope texts if there are any."""
    correct = np.array(
        [
            prediction.intent == example.label
            for prediction, example in zip(predictions, data.test, strict=True)
        ]
    )
    accuracy = float(correct.mean())
    unseen = correct[np.array(data.unseen)]
    confidences = np.array([prediction.confidence for prediction in predictions])
    return ModelScores(
        accuracy=accuracy,
        standard_error=float(np.sqrt(accuracy * (1 - accuracy) / len(correct))),
        accuracy_unseen=float(unseen.mean()) if len(unseen) else None,
        ece=expected_calibration_error(confidences, correct),
        oos_recall=_oos_recall(predictions, oos_predictions) if oos_predictions else None,
        oos_false_accept_rate=_false_accept_rate(oos_predictions) if oos_predictions else None,
        training_seconds=training_seconds,
        seeds=1,
    )


def average_scores(runs: Sequence[ModelScores]) -> ModelScores:
    """Average the scores over seeds.

    The result's standard error is that of the mean accuracy. All runs share the test texts, so the
    sampling error of the test texts does not shrink with more runs. The variance over the runs, of
    the sampled training data and of the fits, is added to it.
    """
    if len(runs) == 1:
        return runs[0]
    fields = {name: [getattr(run, name) for run in runs] for name in ModelScores.model_fields}
    means = {
        name: None if None in values else float(np.mean(values)) for name, values in fields.items()
    }
    training_variance = np.var(fields["accuracy"], ddof=1) / len(runs)
    test_variance = np.mean(np.square(fields["standard_error"]))
    standard_error = float(np.sqrt(test_variance + training_variance))
    return ModelScores.model_validate(
        {**means, "standard_error": standard_error, "seeds": len(runs)}
    )


def _oos_recall(
    predictions: Sequence[ScoredIntent], oos_predictions: Sequence[ScoredIntent]
) -> float:
    """Return the share of out-of-scope texts with a scope score below 95% of the test texts."""
    threshold = np.quantile([prediction.scope for prediction in predictions], 1 - IN_SCOPE_RECALL)
    return float(np.mean([prediction.scope < threshold for prediction in oos_predictions]))


def _false_accept_rate(oos_predictions: Sequence[ScoredIntent]) -> float:
    """Return the share of out-of-scope texts that get an intent with high confidence."""
    accepted = [
        prediction.intent not in (None, OUT_OF_SCOPE)
        and prediction.confidence > CONFIDENCE_THRESHOLD
        for prediction in oos_predictions
    ]
    return float(np.mean(accepted))
