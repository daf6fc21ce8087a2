"""The attempts to capture one prompt, in order, until one succeeds or the time is over."""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

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
from prompt_capture.workflows.hedging import Attempt, first_success

_HEDGE_DELAY_FRACTION = 1 / 3
"""After this fraction of the time, the next attempt starts alongside the one that is running."""

logger = logging.getLogger(__name__)


class CaptureAttempts:
    """The writes and the spooling of one prompt.

    `usual_timeout` is the number of seconds for a capture when the invocation has enough time left.
    `_reason` is why the prompt is not written, as far as is known.
    """

    def __init__(
        self,
        prompt: CapturedPrompt,
        store: PromptStore,
        spool: Spool | None,
        circuit: CircuitBreaker,
        usual_timeout: float,
    ) -> None:
        self._prompt = prompt
        self._store = store
        self._spool = spool
        self._circuit = circuit
        self._min_conclusive_seconds = usual_timeout * _HEDGE_DELAY_FRACTION / 2
        self._reason: SpoolReason = "too_slow"
        self._spooled: Capture | None = None
        self._spool_status = "not tried"
        self._seconds: dict[str, float] = {}

    async def run(self, time_limit: float) -> Capture:
        """Capture the prompt within `time_limit` seconds.

        Raise `UnknownUser` or `CaptureConflict`.
        """
        success = await first_success(self._plan(), time_limit * _HEDGE_DELAY_FRACTION, time_limit)
        if capture := success or self._spooled:
            return capture
        logger.error(
            "Prompt lost: neither stored nor spooled.",
            extra={
                "log_id": str(self._prompt.id),
                "reason": self._reason,
                "spool": self._spool_status,
            },
        )
        return Capture(self._prompt, "lost", self._reason, self._seconds)

    def _plan(self) -> Sequence[Attempt[Capture]]:
        if self._spool is None:
            return [self._write]
        if not self._circuit.is_open:
            return [self._write, partial(self._put, self._spool), self._retry_write]
        if self._circuit.try_acquire():
            return [self._write, partial(self._put_and_keep_writing, self._spool)]
        self._reason = "circuit_open"
        return [partial(self._put, self._spool), self._write]

    async def _write(self) -> Capture | None:
        try:
            with _add_duration("write", self._seconds):
                written = await self._store.log_prompt(self._prompt)
        except (UnknownUser, CaptureConflict):
            self._circuit.record_success()
            raise
        except asyncio.CancelledError:
            # A write that had only just started, alongside a slow spool, does not show that the
            # store is slow.
            if self._seconds["write"] >= self._min_conclusive_seconds:
                self._circuit.record_failure()
                self._note_failed_write("too_slow", "too slow")
            raise
        except PromptRefused as error:
            self._circuit.record_success()
            self._note_failed_write("refused", str(error))
            return None
        except Exception as error:  # noqa: BLE001 - no failure may prevent the response
            self._circuit.record_failure()
            # The text of any other error may contain the prompt.
            is_safe = isinstance(error, StoreUnavailable)
            self._note_failed_write("unavailable", str(error) if is_safe else type(error).__name__)
            return None
        self._circuit.record_success()
        return Capture(written, "stored", None, self._seconds)

    async def _retry_write(self) -> Capture | None:
        """Write again after a failure of the store, while the spool is slow."""
        return await self._write() if self._reason == "unavailable" else None

    def _note_failed_write(self, reason: SpoolReason, detail: str) -> None:
        self._reason = reason
        logger.warning(
            "The write of a prompt failed.",
            extra={"log_id": str(self._prompt.id), "reason": detail},
        )

    async def _put(self, spool: Spool) -> Capture | None:
        reason, self._spool_status = self._reason, "too slow"
        spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=self._prompt)
        try:
            with _add_duration("spool", self._seconds):
                await spool.put(spooled)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the response
            self._spool_status = type(error).__name__
            logger.warning("The spool failed.", extra={"reason": self._spool_status})
            return None
        logger.info("Prompt spooled.", extra={"log_id": str(self._prompt.id), "reason": reason})
        return Capture(self._prompt, "spooled", reason, self._seconds)

    async def _put_and_keep_writing(self, spool: Spool) -> None:
        """Spool the prompt, and return None, so that the write has the rest of the time.

        The write may have to open a new connection, and only a successful write closes the circuit.
        """
        self._spooled = await self._put(spool)


@contextmanager
def _add_duration(step: str, seconds: dict[str, float]) -> Iterator[None]:
    """Add the duration of the block to the step's total."""
    started_at = time.perf_counter()
    try:
        yield
    finally:
        seconds[step] = seconds.get(step, 0) + time.perf_counter() - started_at
