"""Write a prompt, or spool it, within one deadline; the answer never depends on it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from prompt_capture.domain.captures import Capture
from prompt_capture.domain.circuit import CircuitBreaker
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptRefused,
    StoreUnavailable,
    UnknownUser,
)
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt, SpoolReason
from prompt_capture.ports import PromptStore, Spool

_SHARE_OF_THE_FIRST = 0.6
"""So much of the deadline the write may take, or the spool while the circuit is open."""

logger = logging.getLogger(__name__)


class Capturing(Protocol):
    """A way to capture."""

    async def __call__(self, prompt: CapturedPrompt, allowed: float = 60.0) -> Capture:
        """Capture a prompt within `allowed` seconds, or in the time that is set, if it is less.

        Raises `UnknownUser`, and `CaptureConflict` when the id stands for another message.
        """


class WriteFirst:
    """Writes, and spools what cannot be written; `timeout` in seconds covers both together.

    Without a spool the write has all of it, and what fails is lost. `tell` gets each capture.
    """

    def __init__(
        self,
        store: PromptStore,
        spool: Spool | None = None,
        timeout: float = 0.3,
        circuit: CircuitBreaker | None = None,
        tell: Callable[[Capture], None] = lambda capture: None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._timeout = timeout
        self._circuit = circuit or CircuitBreaker()
        self._tell = tell

    async def __call__(self, prompt: CapturedPrompt, allowed: float = 60.0) -> Capture:
        capture = await self._capture(prompt, allowed)
        self._tell(capture)
        return capture

    async def _capture(self, prompt: CapturedPrompt, allowed: float) -> Capture:
        allowed = max(0.0, min(allowed, self._timeout))
        ends_at = asyncio.get_running_loop().time() + allowed
        seconds: dict[str, float] = {}
        with _timed("write", seconds):
            written, reason = await self._write(prompt, allowed)
        if reason is None:
            return Capture(written, "stored", None, seconds)
        spooled_by = ends_at - (
            allowed * (1 - _SHARE_OF_THE_FIRST) if reason == "circuit_open" else 0
        )
        with _timed("spool", seconds):
            is_spooled = self._spool is not None and await _put(
                self._spool, prompt, reason, spooled_by
            )
        if is_spooled:
            return Capture(prompt, "spooled", reason, seconds)
        if reason == "circuit_open":  # the store may be well again, and there is nothing else
            with _timed("write", seconds):
                written, reason = await self._attempt(
                    prompt, ends_at - asyncio.get_running_loop().time()
                )
            if reason is None:
                return Capture(written, "stored", None, seconds)
        logger.error("A prompt was lost.", extra={"log_id": str(prompt.id), "reason": reason})
        return Capture(prompt, "lost", reason, seconds)

    async def _write(
        self, prompt: CapturedPrompt, allowed: float
    ) -> tuple[CapturedPrompt, SpoolReason | None]:
        """Answer what is on record, or why there is nothing."""
        if self._spool and not self._circuit.allows_an_attempt():
            return prompt, "circuit_open"
        return await self._attempt(prompt, allowed * (_SHARE_OF_THE_FIRST if self._spool else 1))

    async def _attempt(
        self, prompt: CapturedPrompt, allowed: float
    ) -> tuple[CapturedPrompt, SpoolReason | None]:
        try:
            async with asyncio.timeout(allowed):
                written = await self._store.log_prompt(prompt)
        except (UnknownUser, CaptureConflict):
            self._circuit.succeeded()
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the message is answered
            return prompt, self._not_written(prompt, error)
        self._circuit.succeeded()
        return written, None

    def _not_written(self, prompt: CapturedPrompt, error: Exception) -> SpoolReason:
        """Say why; the text of an error that is not ours may hold the prompt."""
        ours = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
        logger.warning(
            "A prompt was not written.", extra={"log_id": str(prompt.id), "reason": ours}
        )
        if isinstance(error, PromptRefused):
            self._circuit.succeeded()
            return "refused"
        self._circuit.failed()
        return "too_slow" if isinstance(error, TimeoutError) else "unavailable"


async def _put(spool: Spool, prompt: CapturedPrompt, reason: SpoolReason, ends_at: float) -> bool:
    spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=prompt)
    try:
        async with asyncio.timeout_at(ends_at):
            await spool.put(spooled)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("The spool failed.", extra={"reason": type(error).__name__})
        return False
    logger.info("A prompt was spooled.", extra={"log_id": str(prompt.id), "reason": reason})
    return True


@contextmanager
def _timed(part: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[part] = time.perf_counter() - started
