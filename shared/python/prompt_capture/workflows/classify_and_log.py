"""Classify a message and capture it. A failed capture never prevents the response."""

import time
from collections.abc import Callable, Collection
from typing import NamedTuple
from uuid import UUID

from prompt_capture.domain.captures import CaptureStatus, ClassifiedMessage
from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.log_ids import derived_log_id, new_log_id
from prompt_capture.domain.long_texts import redact_start
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.types import MAX_MESSAGE_LENGTH
from prompt_capture.workflows.capture import CaptureStrategy
from prompt_capture.workflows.serve_model import ServedModel


class IdempotencyKey(NamedTuple):
    """A caller's own key for a message that may be sent again. Callers never share keys."""

    caller: str
    key: str


class ClassifyAndLog:
    """Redacts, classifies and captures messages.

    A placeholder replaces each entity of the types in `redacted` before the model or the store sees
    the message. `model_for` returns the model that answers a user, or nobody in particular. The ids
    of messages with an idempotency key are derived with `id_secret`. `record_metrics` receives each
    classified message.
    """

    def __init__(
        self,
        model_for: Callable[[UUID | None], ServedModel],
        capture: CaptureStrategy,
        id_secret: bytes,
        redacted: Collection[EntityType] = ENTITY_TYPES,
        record_metrics: Callable[[ClassifiedMessage], None] = lambda classified: None,
    ) -> None:
        self._model_for = model_for
        self._capture = capture
        self._id_secret = id_secret
        self._redacted = redacted
        self._record_metrics = record_metrics

    async def __call__(
        self,
        message: str,
        user_id: UUID | None,
        *,
        conversation_id: str | None = None,
        message_index: int | None = None,
        idempotency_key: IdempotencyKey | None = None,
        seconds_left: float = 60.0,
    ) -> ClassifiedMessage:
        """Return the message's intent. Without a `user_id`, the message is not captured.

        A message can have any length; what follows the first `MAX_MESSAGE_LENGTH` characters is
        neither classified nor captured.

        The capture takes no more than the seconds that are left. For a message that is on record,
        return the prediction on record. Raise `UnknownUser` when the user does not exist, and
        `CaptureConflict` when the key belongs to a different message.
        """
        started_at = time.perf_counter()
        text, shortened = redact_start(message, MAX_MESSAGE_LENGTH, self._redacted)
        model = self._model_for(user_id)
        prediction = model.detector.detect(text)
        seconds = time.perf_counter() - started_at
        if user_id is None:
            return self._result(model, None, prediction, shortened, "skipped", seconds)
        runner_up = prediction.runner_up
        prompt = CapturedPrompt(
            id=self._log_id(idempotency_key),
            user_id=user_id,
            prompt=text,
            predicted_intent=prediction.intent,
            confidence=prediction.confidence,
            scope=prediction.scope,
            runner_up_intent=runner_up.intent if runner_up else None,
            runner_up_confidence=runner_up.confidence if runner_up else None,
            secondary_intents=prediction.secondary_intents,
            needs_review=model.review.needs_review(prediction),
            source=prediction.source,
            model_version=prediction.model_version,
            conversation_id=conversation_id,
            message_index=message_index,
        )
        capture = await self._capture(prompt, seconds_left - seconds)
        prediction = capture.prompt.prediction
        return self._result(model, prompt.id, prediction, shortened, capture.captured, seconds)

    def _log_id(self, key: IdempotencyKey | None) -> UUID:
        return derived_log_id(self._id_secret, key.caller, key.key) if key else new_log_id()

    def _result(
        self,
        model: ServedModel,
        log_id: UUID | None,
        prediction: Prediction,
        shortened: bool,
        captured: CaptureStatus,
        seconds: float,
    ) -> ClassifiedMessage:
        classified = ClassifiedMessage(
            log_id,
            prediction,
            model.review.needs_review(prediction),
            captured,
            seconds,
            shortened,
        )
        self._record_metrics(classified)
        return classified
