"""A captured prompt on its way through the spool, and what becomes of it there."""

from typing import Literal

from pydantic import ValidationError

from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.types import FrozenModel, Timestamp

SpoolReason = Literal["unavailable", "too_slow", "refused", "circuit_open"]
"""Why a prompt was spooled: what the store did, or that it was not asked."""

DrainResult = Literal["stored", "apart", "dropped", "refused", "unreadable", "unavailable"]
"""What became of a spooled prompt: stored; stored under another id (`apart`), since its own stands
for another message by now; or dropped, since its user is unknown or erased. The others are tried
again and end as dead letters."""


class UnreadableMessage(PromptCaptureError):
    """A message of the queue is no spooled prompt."""


class SpooledPrompt(FrozenModel):
    """A prompt, redacted, with when and why it was spooled."""

    version: Literal[1] = 1
    spooled_at: Timestamp
    reason: SpoolReason
    prompt: CapturedPrompt


class DeadLetter(FrozenModel):
    """A message that the drain gave up; `handle` is the queue's own name of this reading of it."""

    handle: str
    sent_at: Timestamp
    body: str


def read_spooled(body: str) -> SpooledPrompt:
    """Read a message's body; raises `UnreadableMessage`, which repeats nothing of it."""
    try:
        return SpooledPrompt.model_validate_json(body)
    except ValidationError:
        raise UnreadableMessage("The message is no spooled prompt.") from None
