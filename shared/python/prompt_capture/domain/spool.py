"""Spooled prompts, dead letters, and the results of a drain."""

from typing import Literal

from pydantic import ValidationError

from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.types import FrozenModel, Timestamp

SpoolReason = Literal["unavailable", "too_slow", "refused", "circuit_open"]
"""Why a prompt was spooled.

- `unavailable`: the store could not be reached or failed.
- `too_slow`: the store did not respond before the deadline.
- `refused`: the store rejected the row.
- `circuit_open`: the circuit breaker skipped the write.
"""

DrainResult = Literal["stored", "rekeyed", "dropped", "refused", "unreadable", "unavailable"]
"""The result of draining a spooled prompt.

- `stored`: the store has the prompt.
- `rekeyed`: stored under another id, since its own id belongs to a different message.
- `dropped`: deleted, since its user is unknown or erased.
- `refused`, `unreadable`, `unavailable`: not stored. The queue delivers the message again, and
  finally moves it to the dead letters.
"""


class UnreadableMessage(PromptCaptureError):
    """A queue message is not a spooled prompt."""


class SpooledPrompt(FrozenModel):
    """A redacted prompt, with the time and the reason of its spooling."""

    version: Literal[1] = 1
    spooled_at: Timestamp
    reason: SpoolReason
    prompt: CapturedPrompt


class DeadLetter(FrozenModel):
    """A message that the drain could not store.

    `handle` is the queue's receipt handle of this read.
    """

    handle: str
    sent_at: Timestamp
    body: str


def parse_spooled_prompt(body: str) -> SpooledPrompt:
    """Parse a message body.

    Raise `UnreadableMessage`, whose text does not repeat the body.
    """
    try:
        return SpooledPrompt.model_validate_json(body)
    except ValidationError:
        raise UnreadableMessage("The queue message is not a spooled prompt.") from None
