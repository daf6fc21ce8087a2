"""Wait for the response to each request."""

import asyncio
import queue
import time

RESPONSE_HEAD_START_SECONDS = 0.002
"""The time for the response to leave the process.

The function has a share of one processor, where any work that starts at once delays the response.
"""


class AfterResponse:
    """Connects the thread that handles requests with the one that works after the responses."""

    def __init__(self) -> None:
        self._answered: queue.SimpleQueue[None] = queue.SimpleQueue()

    def mark_answered(self) -> None:
        """Release the other thread. Call it once per request, whatever its result."""
        self._answered.put(None)

    async def wait(self, seconds: float) -> float:
        """Wait for a response, and return how many of the `seconds` are left.

        Block the thread meanwhile. Raise `queue.Empty` when the request takes longer.
        """
        ends_at = time.monotonic() + seconds
        self._answered.get(timeout=max(0.0, seconds))
        await asyncio.sleep(RESPONSE_HEAD_START_SECONDS)
        return ends_at - time.monotonic()
