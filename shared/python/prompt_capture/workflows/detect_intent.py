"""Detect the intent of a message: by rules, or else by the model, clause by clause if needed."""

from collections.abc import Sequence

from prompt_capture.domain.predictions import UNKNOWN_INTENT, Prediction, SecondaryIntent
from prompt_capture.domain.rules import RuleSet
from prompt_capture.domain.text import split_clauses
from prompt_capture.ports.capture import Classifier


class IntentDetector:
    """Predicts the intent of a message from the rules, or else with the model."""

    def __init__(
        self, model: Classifier, rules: RuleSet | None = None, secondary_threshold: float = 0.7
    ) -> None:
        self._model = model
        self._rules = rules
        self._secondary_threshold = secondary_threshold

    def detect(self, message: str) -> Prediction:
        """Return the message's intent; the first one where the message has several."""
        rule_prediction = self._rules.match(message) if self._rules else None
        if rule_prediction:
            return rule_prediction
        (whole,) = self._model.classify([message])
        clauses = split_clauses(message)
        if len(clauses) == 1:
            return whole
        confident = filter(self._is_confident, self._model.classify_clauses(clauses))
        return _combine(whole, list(confident))

    def _is_confident(self, prediction: Prediction) -> bool:
        return (
            prediction.intent != UNKNOWN_INTENT
            and prediction.confidence >= self._secondary_threshold
        )


def _combine(whole: Prediction, clauses: Sequence[Prediction]) -> Prediction:
    """Combine the predictions for the whole message and for its clauses."""
    by_intent: dict[str, Prediction] = {}
    for clause in clauses:
        by_intent.setdefault(clause.intent, clause)
    if len(by_intent) < 2:
        return whole
    first, *others = by_intent.values()
    primary = whole if whole.intent == first.intent else first
    return primary.model_copy(
        update={
            "secondary_intents": tuple(
                SecondaryIntent(intent=other.intent, confidence=other.confidence)
                for other in others
            )
        }
    )
