"""Respond first, and capture the prompt afterwards."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from prompt_capture.domain.captures import Capture
from prompt_capture.domain.errors import CaptureConflict, StoreUnavailable, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.workflows.capture import CaptureStrategy

logger = logging.getLogger(__name__)


class AnswerFirst:
    """Collects the prompts of a request. `capture_collected` captures them after the response.

    One thread handles the requests, and another one captures between them. Prompts that are
    collected but not captured are lost when the process dies, and nothing reports the loss.

    The response has the id of a prompt whose user does not exist or was erased, so an outcome may
    wait for it, and quote the message in its error: `discard` discards the changes of such ids.
    """

    def __init__(self, discard: Callable[[Sequence[UUID]], Awaitable[None]]) -> None:
        self._discard = discard
        self._collected: list[CapturedPrompt] = []

    async def __call__(self, prompt: CapturedPrompt, seconds_left: float = 60.0) -> Capture:
        self._collected.append(prompt)
        return Capture(prompt, "writing", None, {})

    async def capture_collected(self, capture: CaptureStrategy, seconds_left: float) -> None:
        """Capture the collected prompts within `seconds_left`."""
        ends_at = time.monotonic() + seconds_left
        collected, self._collected = self._collected, []
        for prompt in collected:
            try:
                await _capture(capture, prompt, ends_at)
            except UnknownUser:
                logger.warning(
                    "The prompt of an answered message was not captured.",
                    extra={"log_id": str(prompt.id), "reason": "UnknownUser"},
                )
                await self._discard_changes(prompt.id, ends_at)

    async def _discard_changes(self, log_id: UUID, ends_at: float) -> None:
        """Discard the changes that wait for a prompt. If this fails, they expire."""
        try:
            async with asyncio.timeout(max(0.0, ends_at - time.monotonic())):
                await self._discard([log_id])
        except (StoreUnavailable, TimeoutError) as error:
            logger.warning(
                "Deferred changes of a prompt that was not captured were not discarded.",
                extra={"log_id": str(log_id), "reason": type(error).__name__},
            )


async def _capture(capture: CaptureStrategy, prompt: CapturedPrompt, ends_at: float) -> None:
    """Capture a prompt, under another id where its own belongs to a different message."""
    try:
        await capture(prompt, ends_at - time.monotonic())
    except CaptureConflict:
        await capture(prompt.rekeyed(), ends_at - time.monotonic())
