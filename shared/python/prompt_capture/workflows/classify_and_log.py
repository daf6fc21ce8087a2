"""Classify a message and capture it; the answer never depends on the capture."""

import time
from collections.abc import Callable, Collection
from uuid import UUID

from prompt_capture.domain.captures import Captured, Told
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
    """A key that a caller gave to a message, to send it again under; each caller has their own."""

    caller: str
    key: str


class IncomingMessage(FrozenModel):
    """A message to classify, and whose it is; without an owner nothing is captured."""

    message: Message
    user_id: UUID | None
    conversation_id: Identifier | None = None
    message_index: MessageIndex | None = None
    idempotency_key: IdempotencyKey | None = None


class ClassifiedMessage(FrozenModel):
    """The prediction, whether a person should look at it, and what became of the capture."""

    log_id: UUID | None
    prediction: Prediction
    needs_review: bool
    captured: Captured


class ClassifyAndLog:
    """Redact, classify, capture.

    Of the entity types in `redacted` the model sees, and the store keeps, a placeholder alone. Ids of
    messages with a key are derived with `id_secret`. `tell` gets the figures of each message.
    """

    def __init__(
        self,
        detector: IntentDetector,
        capture: CaptureStrategy,
        id_secret: bytes,
        review_threshold: float = 0.7,
        redacted: Collection[EntityType] = ENTITY_TYPES,
        tell: Callable[[Told], None] = lambda told: None,
    ) -> None:
        self._detector = detector
        self._capture = capture
        self._id_secret = id_secret
        self._review_threshold = review_threshold
        self._redacted = redacted
        self._tell = tell

    async def __call__(
        self, incoming: IncomingMessage, seconds_left: float = 60.0
    ) -> ClassifiedMessage:
        """Answer the message's intent; the capture takes no more seconds than are left.

        A message that is on record gets the answer on record. Raises `UnknownUser` when its owner
        does not exist, and `CaptureConflict` when its key was used for another message.
        """
        started = time.perf_counter()
        # A placeholder may be longer than what it stands for.
        text = redact(incoming.message, self._redacted)[:MAX_MESSAGE_LENGTH]
        incoming = incoming.model_copy(update={"message": text})
        prediction = self._detector.detect(text)
        took = time.perf_counter() - started
        if incoming.user_id is None:
            return self._answer(None, prediction, "skipped", took)
        row = self._row(incoming, incoming.user_id, prediction)
        capture = await self._capture(row, seconds_left - took)
        return self._answer(row.id, capture.prompt.prediction, capture.captured, took)

    def _answer(
        self,
        log_id: UUID | None,
        prediction: Prediction,
        captured: Captured,
        took: float,
    ) -> ClassifiedMessage:
        self._tell(Told(prediction, captured, took))
        return ClassifiedMessage(
            log_id=log_id,
            prediction=prediction,
            needs_review=self._needs_review(prediction),
            captured=captured,
        )

    def _needs_review(self, prediction: Prediction) -> bool:
        out_of_scope = prediction.scope is not None and prediction.scope < MIN_SCOPE
        return (
            prediction.intent == UNKNOWN_INTENT
            or out_of_scope
            or prediction.confidence < self._review_threshold
        )

    def _row(
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
