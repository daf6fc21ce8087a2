"""Detect the intent of a message: by rules, or else by the model, clause by clause if needed."""

from collections.abc import Collection, Sequence

from prompt_capture.domain.predictions import (
    SMALL_TALK_INTENTS,
    UNKNOWN_INTENT,
    Prediction,
    SecondaryIntent,
)
from prompt_capture.domain.rules import RuleSet
from prompt_capture.domain.text import split_clauses
from prompt_capture.ports.capture import Classifier

FIRST_CLAUSE_CONFIDENCE = 0.9
"""From this confidence on, the first clause decides the primary intent.

Below it, the first clause may only be the reason for what another one asks for, and the message as
a whole decides between them.
"""


class IntentDetector:
    """Predicts the intent of a message from the rules, or else with the model.

    `small_talk` are the intents that ask for nothing, such as `greeting`. Beside a request, they do
    not count.
    """

    def __init__(
        self,
        model: Classifier,
        rules: RuleSet | None = None,
        secondary_threshold: float = 0.7,
        small_talk: Collection[str] = SMALL_TALK_INTENTS,
    ) -> None:
        self._model = model
        self._rules = rules
        self._secondary_threshold = secondary_threshold
        self._small_talk = frozenset(small_talk)

    def detect(self, message: str) -> Prediction:
        """Return the message's intent; the first one that it asks for where it has several."""
        rule_prediction = self._rules.match(message) if self._rules else None
        if rule_prediction:
            return rule_prediction
        (whole,) = self._model.classify([message])
        clauses = split_clauses(message)
        if len(clauses) == 1:
            return whole
        requests = filter(self._is_request, self._model.classify_clauses(clauses))
        return self._combine(whole, list(requests))

    def _is_request(self, prediction: Prediction) -> bool:
        return (
            prediction.intent != UNKNOWN_INTENT
            and prediction.intent not in self._small_talk
            and prediction.confidence >= self._secondary_threshold
        )

    def _combine(self, whole: Prediction, requests: Sequence[Prediction]) -> Prediction:
        """Combine the predictions for the message and for the clauses that ask for something."""
        by_intent: dict[str, Prediction] = {}
        for clause in requests:
            by_intent.setdefault(clause.intent, clause)
        is_small_talk = whole.intent in self._small_talk
        if len(by_intent) < (1 if is_small_talk else 2):
            return whole
        first = requests[0]
        yields = whole.intent in by_intent and first.confidence < FIRST_CLAUSE_CONFIDENCE
        primary = whole if yields or whole.intent == first.intent else first
        others = [clause for intent, clause in by_intent.items() if intent != primary.intent]
        return primary.model_copy(
            update={
                "secondary_intents": tuple(
                    SecondaryIntent(intent=other.intent, confidence=other.confidence)
                    for other in others
                )
            }
        )
