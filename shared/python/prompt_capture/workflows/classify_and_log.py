"""Classify a message and capture it. A failed capture never prevents the response."""

import time
from collections.abc import Callable, Collection
from uuid import UUID

from prompt_capture.domain.captures import CaptureStatus, ClassificationMetrics
from prompt_capture.domain.log_ids import derived_log_id, new_log_id
from prompt_capture.domain.predictions import MIN_SCOPE, UNKNOWN_INTENT, Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType, redact
from prompt_capture.domain.types import (
    MAX_MESSAGE_LENGTH,
    FrozenModel,
    Identifier,
    Message,
    MessageIndex,
)
from prompt_capture.workflows.capture import CaptureStrategy
from prompt_capture.workflows.detect_intent import IntentDetector


class IdempotencyKey(FrozenModel):
    """A caller's own key for a message that may be sent again. Callers never share keys."""

    caller: str
    key: str


class IncomingMessage(FrozenModel):
    """A message to classify, and its user. Without a user, the message is not captured."""

    message: Message
    user_id: UUID | None
    conversation_id: Identifier | None = None
    message_index: MessageIndex | None = None
    idempotency_key: IdempotencyKey | None = None


class ClassifiedMessage(FrozenModel):
    """The prediction, whether it needs a review, and the result of the capture."""

    log_id: UUID | None
    prediction: Prediction
    needs_review: bool
    captured: CaptureStatus


class ClassifyAndLog:
    """Redacts, classifies and captures messages.

    A placeholder replaces each entity of the types in `redacted` before the model or the store sees
    the message. The ids of messages with an idempotency key are derived with `id_secret`.
    `record_metrics` receives the metrics of each message.
    """

    def __init__(
        self,
        detector: IntentDetector,
        capture: CaptureStrategy,
        id_secret: bytes,
        review_threshold: float = 0.7,
        redacted: Collection[EntityType] = ENTITY_TYPES,
        record_metrics: Callable[[ClassificationMetrics], None] = lambda metrics: None,
    ) -> None:
        self._detector = detector
        self._capture = capture
        self._id_secret = id_secret
        self._review_threshold = review_threshold
        self._redacted = redacted
        self._record_metrics = record_metrics

    async def __call__(
        self, incoming: IncomingMessage, seconds_left: float = 60.0
    ) -> ClassifiedMessage:
        """Return the message's intent. The capture takes no more than the seconds that are left.

        For a message that is on record, return the prediction on record. Raise `UnknownUser` when
        the user does not exist, and `CaptureConflict` when the key belongs to a different message.
        """
        started_at = time.perf_counter()
        # A placeholder may be longer than the text that it replaces.
        text = redact(incoming.message, self._redacted)[:MAX_MESSAGE_LENGTH]
        incoming = incoming.model_copy(update={"message": text})
        prediction = self._detector.detect(text)
        duration = time.perf_counter() - started_at
        if incoming.user_id is None:
            return self._result(None, prediction, "skipped", duration)
        prompt = self._prompt(incoming, incoming.user_id, prediction)
        capture = await self._capture(prompt, seconds_left - duration)
        return self._result(prompt.id, capture.prompt.prediction, capture.captured, duration)

    def _result(
        self,
        log_id: UUID | None,
        prediction: Prediction,
        captured: CaptureStatus,
        duration: float,
    ) -> ClassifiedMessage:
        self._record_metrics(ClassificationMetrics(prediction, captured, duration))
        return ClassifiedMessage(
            log_id=log_id,
            prediction=prediction,
            needs_review=self._needs_review(prediction),
            captured=captured,
        )

    def _needs_review(self, prediction: Prediction) -> bool:
        is_out_of_scope = prediction.scope is not None and prediction.scope < MIN_SCOPE
        return (
            prediction.intent == UNKNOWN_INTENT
            or is_out_of_scope
            or prediction.confidence < self._review_threshold
        )

    def _prompt(
        self, incoming: IncomingMessage, user_id: UUID, prediction: Prediction
    ) -> CapturedPrompt:
        key = incoming.idempotency_key
        runner_up = prediction.runner_up
        return CapturedPrompt(
            id=derived_log_id(self._id_secret, key.caller, key.key) if key else new_log_id(),
            user_id=user_id,
            prompt=incoming.message,
            predicted_intent=prediction.intent,
            confidence=prediction.confidence,
            scope=prediction.scope,
            runner_up_intent=runner_up.intent if runner_up else None,
            runner_up_confidence=runner_up.confidence if runner_up else None,
            secondary_intents=prediction.secondary_intents,
            source=prediction.source,
            model_version=prediction.model_version,
            conversation_id=incoming.conversation_id,
            message_index=incoming.message_index,
        )
