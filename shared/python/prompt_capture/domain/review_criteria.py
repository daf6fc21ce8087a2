"""Which predictions need a review."""

from collections.abc import Callable
from dataclasses import dataclass

from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT, Prediction


@dataclass(frozen=True)
class ReviewCriteria:
    """Decides whether a prediction needs a review.

    It does where its confidence is below a threshold, or where it names an intent although the
    scope is low. A confident `unknown` needs none: the audit samples it. The threshold is
    `threshold` or, for predictions of a model with thresholds of its own, the one that
    `model_threshold` returns for the intent. None means that every prediction needs a review.
    """

    threshold: float = 0.7
    model_threshold: Callable[[str], float | None] | None = None

    def needs_review(self, prediction: Prediction) -> bool:
        """Return whether a prediction needs a review."""
        threshold = self._threshold_for(prediction)
        if threshold is None or prediction.confidence < threshold:
            return True
        is_out_of_scope = prediction.scope is not None and prediction.scope < MIN_SCOPE
        return is_out_of_scope and prediction.intent != UNKNOWN_INTENT

    def _threshold_for(self, prediction: Prediction) -> float | None:
        if self.model_threshold is None or prediction.source == "rule":
            return self.threshold
        return self.model_threshold(prediction.intent)
