"""A captured prompt, as it is written and as it is read back."""

from typing import Literal
from uuid import UUID

from prompt_capture.domain.log_ids import id_apart
from prompt_capture.domain.predictions import Prediction, SecondaryIntent, Source
from prompt_capture.domain.reviewers import Reviewer
from prompt_capture.domain.types import (
    ErrorText,
    FrozenModel,
    Identifier,
    Label,
    Message,
    MessageIndex,
    Note,
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
    secondary_intents: tuple[SecondaryIntent, ...] = ()
    source: Source
    model_version: Label
    conversation_id: Identifier | None = None
    message_index: MessageIndex | None = None

    @property
    def prediction(self) -> Prediction:
        """What was predicted for it."""
        return Prediction(
            intent=self.predicted_intent,
            confidence=self.confidence,
            scope=self.scope,
            secondary_intents=self.secondary_intents,
            source=self.source,
            model_version=self.model_version,
        )

    def is_copy_of(self, other: "CapturedPrompt") -> bool:
        """Whether both are the same message of the same owner, whatever was predicted for it."""
        return self._content == other._content

    def apart(self) -> "CapturedPrompt":
        """The same message under another id, for when its own stands for another message."""
        return self.model_copy(update={"id": id_apart(self._content)})

    @property
    def _content(self) -> tuple[object, ...]:
        return (self.id, self.user_id, self.prompt, self.conversation_id, self.message_index)


class ReviewablePrompt(FrozenModel):
    """What a reviewer needs to see of a prompt, and nothing of who sent it."""

    id: UUID
    prompt: str
    predicted_intent: str
    confidence: float
    created_at: Timestamp


class FailedPrompt(ReviewablePrompt):
    """A prompt whose workflow failed, with what is known of the failure."""

    workflow_type: str | None
    execution_error: str | None


class LabelledPrompt(ReviewablePrompt):
    """A prompt with the label that retraining would give it."""

    corrected_intent: str | None

    @property
    def label(self) -> str:
        """The reviewer's intent where there is one, the predicted one otherwise."""
        return self.corrected_intent or self.predicted_intent


Recorded = Literal["recorded", "pending"]
"""What became of an outcome or a correction: `pending` waits for its row, which is on its way."""


class Outcome(FrozenModel):
    """How the workflow that answered a prompt ended."""

    was_successful: bool
    workflow_type: Label
    execution_error: ErrorText | None = None


Channel = Literal["api", "import"]
"""How a correction comes in; a third channel, the dashboard, leads past this package."""


class Correction(FrozenModel):
    """The intent a reviewer gave a prompt. Confirming the predicted intent is a correction too."""

    corrected_intent: Label
    corrected_by: Reviewer
    notes: Note | None = None
    channel: Channel = "api"
