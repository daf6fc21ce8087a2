"""Which predictions need a review."""

from collections.abc import Callable
from dataclasses import dataclass

from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT, Prediction


@dataclass(frozen=True)
class ReviewCriteria:
    """Decides whether a prediction needs a review.

    It does where its intent is unknown, its scope is low, or its confidence is below a threshold:
    `threshold`, or, for predictions of a model with thresholds of its own, the one that
    `model_threshold` returns for the intent. None means that every prediction needs a review.
    """

    threshold: float = 0.7
    model_threshold: Callable[[str], float | None] | None = None

    def needs_review(self, prediction: Prediction) -> bool:
        """Return whether a prediction needs a review."""
        is_out_of_scope = prediction.scope is not None and prediction.scope < MIN_SCOPE
        threshold = self._threshold_for(prediction)
        return (
            prediction.intent == UNKNOWN_INTENT
            or is_out_of_scope
            or threshold is None
            or prediction.confidence < threshold
        )

    def _threshold_for(self, prediction: Prediction) -> float | None:
        if self.model_threshold is None or prediction.source == "rule":
            return self.threshold
        return self.model_threshold(prediction.intent)
