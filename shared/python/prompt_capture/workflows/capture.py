"""Write a prompt, or spool it, within one deadline; the answer never depends on it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
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
from prompt_capture.workflows.staggered import Attempt, first_to_succeed

_HEAD_START = 1 / 3
"""After so much of the deadline the spool is tried beside the write that has not answered, or the
write beside the spool while the circuit is open. The first to succeed is taken."""

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
        return await _Attempts(prompt, self._store, self._spool, self._circuit).within(allowed)


class _Attempts:
    """The ways to capture one prompt; `reason` says why it is not written, as far as is known."""

    def __init__(
        self,
        prompt: CapturedPrompt,
        store: PromptStore,
        spool: Spool | None,
        circuit: CircuitBreaker,
    ) -> None:
        self._prompt = prompt
        self._store = store
        self._spool = spool
        self._circuit = circuit
        self._reason: SpoolReason = "too_slow"
        self._seconds: dict[str, float] = {}

    async def within(self, allowed: float) -> Capture:
        """Make them, each in its turn, until one succeeds or the time is over."""
        success = await first_to_succeed(self._in_order(), allowed * _HEAD_START, allowed)
        if success is not None:
            return success
        logger.error(
            "A prompt was lost.", extra={"log_id": str(self._prompt.id), "reason": self._reason}
        )
        return Capture(self._prompt, "lost", self._reason, self._seconds)

    def _in_order(self) -> Sequence[Attempt[Capture]]:
        if self._spool is None:
            return [self._write]
        put = partial(self._put, self._spool)
        if self._circuit.allows_an_attempt():
            return [self._write, put]
        self._reason = "circuit_open"
        return [put, self._write]

    async def _write(self) -> Capture | None:
        try:
            with _timed("write", self._seconds):
                written = await self._store.log_prompt(self._prompt)
        except (UnknownUser, CaptureConflict):
            self._circuit.succeeded()
            raise
        except asyncio.CancelledError:
            self._is_not_written("too_slow", "TimeoutError")
            raise
        except PromptRefused as error:
            self._is_not_written("refused", str(error))
            return None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the message is answered
            # The text of an error that is not ours may hold the prompt.
            ours = isinstance(error, StoreUnavailable)
            self._is_not_written("unavailable", str(error) if ours else type(error).__name__)
            return None
        self._circuit.succeeded()
        return Capture(written, "stored", None, self._seconds)

    def _is_not_written(self, reason: SpoolReason, told: str) -> None:
        logger.warning(
            "A prompt was not written.", extra={"log_id": str(self._prompt.id), "reason": told}
        )
        self._reason = reason
        if reason == "refused":
            self._circuit.succeeded()
        else:
            self._circuit.failed()

    async def _put(self, spool: Spool) -> Capture | None:
        reason = self._reason
        spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=self._prompt)
        try:
            with _timed("spool", self._seconds):
                await spool.put(spooled)
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("The spool failed.", extra={"reason": type(error).__name__})
            return None
        logger.info(
            "A prompt was spooled.", extra={"log_id": str(self._prompt.id), "reason": reason}
        )
        return Capture(self._prompt, "spooled", reason, self._seconds)


@contextmanager
def _timed(part: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[part] = time.perf_counter() - started
