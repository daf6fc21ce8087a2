"""Predictions for examples that a model was not fitted to: every metric is computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.classifier import intent_mask


@dataclass(frozen=True)
class Predictions:
    """Predictions for n labelled texts.

    `truth` [n] holds the true labels. `probabilities` [n, labels] are calibrated, in the order of
    `labels`. `scope` [n] is higher the more likely a text is in scope. `weights` [n] is how much
    each text counts in a metric.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    probabilities: NDArray[np.floating]
    scope: NDArray[np.floating]
    weights: NDArray[np.floating] = field(default_factory=lambda: np.ones(0))

    def __post_init__(self) -> None:
        if not len(self.weights):
            object.__setattr__(self, "weights", np.ones(len(self.truth)))

    def select(self, rows: NDArray[np.bool_], weights: NDArray[np.floating]) -> "Predictions":
        """Return the predictions for the `rows` [n], with the weights [n] of all rows."""
        return replace(
            self,
            texts=[text for text, is_selected in zip(self.texts, rows, strict=True) if is_selected],
            truth=self.truth[rows],
            probabilities=self.probabilities[rows],
            scope=self.scope[rows],
            weights=weights[rows],
        )

    @property
    def predicted(self) -> NDArray[np.str_]:
        """The most probable label of each text: [n]."""
        best: NDArray[np.str_] = np.array(self.labels)[self.probabilities.argmax(axis=1)]
        return best

    @property
    def confidences(self) -> NDArray[np.floating]:
        """The probability of the predicted label: [n]."""
        highest: NDArray[np.floating] = self.probabilities.max(axis=1)
        return highest

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the predicted label is the true one: [n]."""
        same: NDArray[np.bool_] = self.predicted == self.truth
        return same

    @property
    def accuracy(self) -> float:
        """The weighted share of the correct predictions."""
        return float(np.average(self.correct, weights=self.weights))

    @property
    def in_scope(self) -> NDArray[np.bool_]:
        """Whether the true label is an intent of the assistant: [n]."""
        return intent_mask(self.truth)
