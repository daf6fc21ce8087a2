"""The result of a capture, and the metrics of a classification."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
class ClassificationMetrics:
    """What the metrics record about one classified message. The text is not part of it."""

    prediction: Prediction
    captured: CaptureStatus
    seconds: float
    """The duration of the classification."""
