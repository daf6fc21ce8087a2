"""What became of a capture, and what is told of it in metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpoolReason

Captured = Literal["stored", "spooled", "lost", "skipped", "writing"]
"""`stored` is on record; `spooled` waits in the queue for it; `lost` is in neither, as far as is
known; `skipped`, as asked; `writing` is written after the answer, where that is the setting."""


@dataclass(frozen=True)
class Capture:
    """A prompt as it is on record, what became of it, and how long each part took, in seconds."""

    prompt: CapturedPrompt
    captured: Captured
    reason: SpoolReason | None
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Told:
    """One answered message, in figures and labels; nothing of what it said."""

    prediction: Prediction
    captured: Captured
    seconds: float
    """What the classification took."""
