"""Answer, and leave the capture for afterwards."""

import asyncio
import logging
import queue
import time

from prompt_capture.domain.captures import Capture
from prompt_capture.domain.errors import CaptureConflict, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.workflows.capture import CaptureStrategy

HEAD_START_SECONDS = 0.002
"""What the answer gets to leave the process in: on its share of one processor, any work that begins
at once is in its way."""

logger = logging.getLogger(__name__)


class AnswerFirst:
    """Collects what a request wants captured; `write_rest` captures it once it was answered.

    Requests are answered in one thread and written from another. What is in between when the
    process dies is lost, and nobody is told.
    """

    def __init__(self) -> None:
        self._collected: list[CapturedPrompt] = []
        self._finished: queue.SimpleQueue[list[CapturedPrompt]] = queue.SimpleQueue()

    async def __call__(self, prompt: CapturedPrompt, allowed: float = 60.0) -> Capture:
        self._collected.append(prompt)
        return Capture(prompt, "writing", None, {})

    def finish(self) -> None:
        """Say that the request was answered; once for each request, whatever came of it."""
        collected, self._collected = self._collected, []
        self._finished.put(collected)

    async def write_rest(self, capture: CaptureStrategy, allowed: float) -> None:
        """Wait for the answer to a request, then capture what it left, in `allowed` seconds.

        Blocks its thread; raises `queue.Empty` when the request takes longer.
        """
        ends_at = time.monotonic() + allowed
        collected = self._finished.get(timeout=max(0.0, allowed))
        await asyncio.sleep(HEAD_START_SECONDS)
        for prompt in collected:
            try:
                await _capture(capture, prompt, ends_at)
            except UnknownUser:
                logger.warning(
                    "An answered prompt was not captured.",
                    extra={"log_id": str(prompt.id), "reason": "UnknownUser"},
                )


async def _capture(capture: CaptureStrategy, prompt: CapturedPrompt, ends_at: float) -> None:
    """Capture what was answered, under an id of its own where its key was used before."""
    try:
        await capture(prompt, ends_at - time.monotonic())
    except CaptureConflict:
        await capture(prompt.apart(), ends_at - time.monotonic())
