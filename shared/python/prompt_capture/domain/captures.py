"""The result of a capture, and a message that was classified and captured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpoolReason

CaptureStatus = Literal["stored", "spooled", "lost", "skipped", "writing"]
"""The result of a capture.

- `stored`: the store has the prompt.
- `spooled`: the prompt waits in the queue.
- `lost`: neither the store nor the queue confirmed the prompt.
- `skipped`: the request asked for no capture.
- `writing`: the write follows the response (answer-first mode).
"""


@dataclass(frozen=True)
class Capture:
    """A captured prompt, the result, and the duration of each step in seconds.

    `prompt` is the prompt on record, which can be an earlier copy of the same message.
    """

    prompt: CapturedPrompt
    captured: CaptureStatus
    reason: SpoolReason | None
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class ClassifiedMessage:
    """What the response and the metrics report about a message. The text is not part of it.

    `log_id` is None without a capture. `seconds` is the duration of the classification.
    `shortened` is whether the message was longer than what is classified and captured.
    """

    log_id: UUID | None
    prediction: Prediction
    needs_review: bool
    captured: CaptureStatus
    seconds: float
    shortened: bool = False
