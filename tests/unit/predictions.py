"""Create predictions for tests."""

from collections.abc import Sequence

import numpy as np

from training.calibrate.predictions import Predictions


def make_predictions(
    rows: Sequence[tuple[str, str, str, float]], scope: Sequence[float] | None = None
) -> Predictions:
    """Return predictions for rows of text, true label, predicted label and confidence."""
    labels = sorted({label for _, truth, predicted, _ in rows for label in (truth, predicted)})
    probabilities = np.zeros((len(rows), len(labels)))
    for row, (_, _, predicted, confidence) in enumerate(rows):
        probabilities[row] = (1 - confidence) / max(len(labels) - 1, 1)
        probabilities[row, labels.index(predicted)] = confidence
    return Predictions(
        texts=[text for text, _, _, _ in rows],
        truth=np.array([truth for _, truth, _, _ in rows]),
        labels=tuple(labels),
        probabilities=probabilities,
        scope=np.array(scope if scope is not None else [1.0] * len(rows)),
    )
