"""What a model answers for examples it was not fitted to: the ground of every figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.predictions import UNKNOWN_INTENT

OUT_OF_SCOPE_LABELS = frozenset({UNKNOWN_INTENT, "oos"})
"""Labels of messages that are for nobody: ours, and that of public data."""


@dataclass(frozen=True)
class Predictions:
    """Answers for n examples.

    `truth` [n] holds the labels that people gave, `probabilities` [n, labels] the calibrated
    answers in the order of `labels`, and `scope` [n] how sure the model is that a message is for
    this assistant at all: higher is more in scope.
    """

    texts: Sequence[str]
    truth: NDArray[np.str_]
    labels: tuple[str, ...]
    probabilities: NDArray[np.floating]
    scope: NDArray[np.floating]

    @property
    def predicted(self) -> NDArray[np.str_]:
        """The most probable label of each example: [n]."""
        best: NDArray[np.str_] = np.array(self.labels)[self.probabilities.argmax(axis=1)]
        return best

    @property
    def confidences(self) -> NDArray[np.floating]:
        """The probability of the predicted label: [n]."""
        highest: NDArray[np.floating] = self.probabilities.max(axis=1)
        return highest

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Where the predicted label is the true one: [n]."""
        same: NDArray[np.bool_] = self.predicted == self.truth
        return same

    @property
    def in_scope(self) -> NDArray[np.bool_]:
        """Where the true label says that the message is for this assistant: [n]."""
        return ~np.isin(self.truth, list(OUT_OF_SCOPE_LABELS))
