"""Decide the intent of a message: rules first, then the model, clause by clause where need be."""

from collections.abc import Sequence

from prompt_capture.domain.clauses import clauses
from prompt_capture.domain.predictions import UNKNOWN_INTENT, Prediction, SecondaryIntent
from prompt_capture.domain.rules import RuleSet
from prompt_capture.ports import Classifier


class IntentDetector:
    """Answers one prediction per message, from the rules or from the model."""

    def __init__(
        self, model: Classifier, rules: RuleSet | None = None, secondary_threshold: float = 0.7
    ) -> None:
        self._model = model
        self._rules = rules
        self._secondary_threshold = secondary_threshold

    def detect(self, message: str) -> Prediction:
        """Answer the message's intent; the first one asked for where it carries several."""
        ruled = self._rules.match(message) if self._rules else None
        if ruled:
            return ruled
        (whole,) = self._model.classify([message])
        parts = clauses(message)
        if len(parts) == 1:
            return whole
        confident = filter(self._is_confident, self._model.classify_clauses(parts))
        return _combine(whole, list(confident))

    def _is_confident(self, prediction: Prediction) -> bool:
        return (
            prediction.intent != UNKNOWN_INTENT
            and prediction.confidence >= self._secondary_threshold
        )


def _combine(whole: Prediction, parts: Sequence[Prediction]) -> Prediction:
    best: dict[str, Prediction] = {}
    for part in parts:
        best.setdefault(part.intent, part)
    if len(best) < 2:
        return whole
    first, *others = best.values()
    primary = whole if whole.intent == first.intent else first
    return primary.model_copy(
        update={
            "secondary_intents": tuple(
                SecondaryIntent(intent=other.intent, confidence=other.confidence)
                for other in others
            )
        }
    )
