"""Classify a message and capture it; the answer never depends on the capture."""

import asyncio
import logging
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.domain.predictions import LEAST_SCOPE, UNKNOWN_INTENT, Prediction
from prompt_capture.domain.prompts import CapturedPrompt, new_log_id
from prompt_capture.domain.redaction import KINDS, Kind, redact
from prompt_capture.domain.values import (
    MAX_MESSAGE_LENGTH,
    Identifier,
    Message,
    MessageIndex,
    Value,
)
from prompt_capture.ports import PromptStore
from prompt_capture.workflows.detect_intent import IntentDetector

Captured = Literal["stored", "lost", "skipped"]

logger = logging.getLogger(__name__)


class IncomingMessage(Value):
    """A message to classify, and whose it is; without an owner nothing is captured."""

    message: Message
    user_id: UUID | None
    conversation_id: Identifier | None = None
    message_index: MessageIndex | None = None


class ClassifiedMessage(Value):
    """The prediction, whether a person should look at it, and what became of the capture."""

    log_id: UUID | None
    prediction: Prediction
    needs_review: bool
    captured: Captured


class ClassifyAndLog:
    """Redact, classify, then write before answering, within a deadline.

    Of the kinds in `redacted` the model sees, and the store keeps, a placeholder alone.
    `capture_timeout` is in seconds and covers the whole write.
    """

    def __init__(
        self,
        detector: IntentDetector,
        store: PromptStore,
        review_threshold: float = 0.7,
        capture_timeout: float = 1.0,
        redacted: Collection[Kind] = KINDS,
    ) -> None:
        self._detector = detector
        self._store = store
        self._review_threshold = review_threshold
        self._capture_timeout = capture_timeout
        self._redacted = redacted

    async def __call__(self, incoming: IncomingMessage) -> ClassifiedMessage:
        """Answer the message's intent; raises `UnknownUser` when its owner does not exist."""
        # A placeholder may be longer than what it stands for.
        text = redact(incoming.message, self._redacted)[:MAX_MESSAGE_LENGTH]
        incoming = incoming.model_copy(update={"message": text})
        prediction = self._detector.detect(text)
        log_id, captured = await self._capture(incoming, prediction)
        return ClassifiedMessage(
            log_id=log_id,
            prediction=prediction,
            needs_review=self._needs_review(prediction),
            captured=captured,
        )

    def _needs_review(self, prediction: Prediction) -> bool:
        out_of_scope = prediction.scope is not None and prediction.scope < LEAST_SCOPE
        return (
            prediction.intent == UNKNOWN_INTENT
            or out_of_scope
            or prediction.confidence < self._review_threshold
        )

    async def _capture(
        self, incoming: IncomingMessage, prediction: Prediction
    ) -> tuple[UUID | None, Captured]:
        if incoming.user_id is None:
            return None, "skipped"
        row = _captured_prompt(incoming, incoming.user_id, prediction)
        try:
            async with asyncio.timeout(self._capture_timeout):
                await self._store.log_prompt(row)
        except (StoreUnavailable, TimeoutError) as error:
            logger.warning(
                "A prompt was not captured.",
                extra={"log_id": str(row.id), "reason": str(error) or "deadline exceeded"},
            )
            return row.id, "lost"
        return row.id, "stored"


def _captured_prompt(
    incoming: IncomingMessage, user_id: UUID, prediction: Prediction
) -> CapturedPrompt:
    return CapturedPrompt(
        id=new_log_id(),
        user_id=user_id,
        prompt=incoming.message,
        predicted_intent=prediction.intent,
        confidence=prediction.confidence,
        scope=prediction.scope,
        secondary_intents=prediction.secondary_intents,
        source=prediction.source,
        model_version=prediction.model_version,
        conversation_id=incoming.conversation_id,
        message_index=incoming.message_index,
    )
