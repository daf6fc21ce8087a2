"""Captured prompts, and the views of them that reviewers and the CLI read."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from prompt_capture.domain.log_ids import rekeyed_log_id
from prompt_capture.domain.predictions import (
    MAX_SECONDARY_INTENTS,
    Prediction,
    SecondaryIntent,
    Source,
)
from prompt_capture.domain.types import (
    FrozenModel,
    Identifier,
    Label,
    Message,
    MessageIndex,
    Probability,
    Timestamp,
)


class CapturedPrompt(FrozenModel):
    """The columns that are written once, when a message is classified, and never change."""

    id: UUID
    user_id: UUID
    prompt: Message
    predicted_intent: Label
    confidence: Probability
    scope: Probability | None = None
    runner_up_intent: Label | None = None
    runner_up_confidence: Probability | None = None
    secondary_intents: Annotated[
        tuple[SecondaryIntent, ...], Field(max_length=MAX_SECONDARY_INTENTS)
    ] = ()
    needs_review: bool = False
    source: Source
    model_version: Label
    conversation_id: Identifier | None = None
    message_index: MessageIndex | None = None

    @property
    def prediction(self) -> Prediction:
        """The prediction, without its runner-up."""
        return Prediction(
            intent=self.predicted_intent,
            confidence=self.confidence,
            scope=self.scope,
            secondary_intents=self.secondary_intents,
            source=self.source,
            model_version=self.model_version,
        )

    def is_copy_of(self, other: "CapturedPrompt") -> bool:
        """Return whether both are the same message of the same user.

        The predictions may differ.
        """
        return self._content == other._content

    def rekeyed(self) -> "CapturedPrompt":
        """Return the same message under another id, for when its own id is taken."""
        return self.model_copy(update={"id": rekeyed_log_id(self._content)})

    @property
    def _content(self) -> tuple[object, ...]:
        return (self.id, self.user_id, self.prompt, self.conversation_id, self.message_index)


class ReviewablePrompt(FrozenModel):
    """The columns that a reviewer needs. None of them identifies the user."""

    id: UUID
    prompt: str
    predicted_intent: str
    confidence: float
    created_at: Timestamp


class FailedPrompt(ReviewablePrompt):
    """A prompt whose workflow failed, with what is known about the failure."""

    workflow_type: str | None
    execution_error: str | None


class LabelledPrompt(ReviewablePrompt):
    """A prompt with its label for retraining."""

    corrected_intent: str | None
    corrected_secondary_intents: tuple[str, ...] | None = None

    @property
    def label(self) -> str:
        """The corrected intent where there is one, the predicted intent otherwise."""
        return self.corrected_intent or self.predicted_intent
