"""The ways to capture one prompt, each in its turn, until one succeeds or the time is over."""

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
from prompt_capture.workflows.staggered import Attempt, first_to_succeed

_HEAD_START = 1 / 3
"""After so much of the time the next way is tried beside the one that has not answered. The first
to succeed is taken."""

logger = logging.getLogger(__name__)


class CaptureAttempts:
    """What is done for one prompt. `usual` is how many seconds it has if the invocation does.

    `_reason` says why it is not written, as far as is known.
    """

    def __init__(
        self,
        prompt: CapturedPrompt,
        store: PromptStore,
        spool: Spool | None,
        circuit: CircuitBreaker,
        usual: float,
    ) -> None:
        self._prompt = prompt
        self._store = store
        self._spool = spool
        self._circuit = circuit
        self._long_enough = usual * _HEAD_START / 2
        self._reason: SpoolReason = "too_slow"
        self._spooled: Capture | None = None
        self._state_of_spool = "not tried"
        self._seconds: dict[str, float] = {}

    async def within(self, allowed: float) -> Capture:
        """Make them; raises `UnknownUser`, `CaptureConflict`."""
        success = await first_to_succeed(self._in_order(), allowed * _HEAD_START, allowed)
        if capture := success or self._spooled:
            return capture
        logger.error(
            "A prompt was lost.",
            extra={
                "log_id": str(self._prompt.id),
                "reason": self._reason,
                "spool": self._state_of_spool,
            },
        )
        return Capture(self._prompt, "lost", self._reason, self._seconds)

    def _in_order(self) -> Sequence[Attempt[Capture]]:
        if self._spool is None:
            return [self._write]
        if not self._circuit.is_open:
            return [self._write, partial(self._put, self._spool), self._write_again]
        if self._circuit.allows_an_attempt():
            return [self._write, partial(self._put_and_see, self._spool)]
        self._reason = "circuit_open"
        return [partial(self._put, self._spool), self._write]

    async def _write(self) -> Capture | None:
        try:
            with _timed("write", self._seconds):
                written = await self._store.log_prompt(self._prompt)
        except (UnknownUser, CaptureConflict):
            self._circuit.succeeded()
            raise
        except asyncio.CancelledError:
            # One that had hardly begun, beside a spool that was slow, says nothing of the store.
            if self._seconds["write"] >= self._long_enough:
                self._circuit.failed()
                self._is_not_written("too_slow", "too slow")
            raise
        except PromptRefused as error:
            self._circuit.succeeded()
            self._is_not_written("refused", str(error))
            return None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the message is answered
            self._circuit.failed()
            # The text of an error that is not ours may hold the prompt.
            ours = isinstance(error, StoreUnavailable)
            self._is_not_written("unavailable", str(error) if ours else type(error).__name__)
            return None
        self._circuit.succeeded()
        return Capture(written, "stored", None, self._seconds)

    async def _write_again(self) -> Capture | None:
        """Write what could not be written a moment ago, since the spool takes long."""
        return await self._write() if self._reason == "unavailable" else None

    def _is_not_written(self, reason: SpoolReason, told: str) -> None:
        self._reason = reason
        logger.warning(
            "A prompt was not written.", extra={"log_id": str(self._prompt.id), "reason": told}
        )

    async def _put(self, spool: Spool) -> Capture | None:
        reason, self._state_of_spool = self._reason, "too slow"
        spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=self._prompt)
        try:
            with _timed("spool", self._seconds):
                await spool.put(spooled)
        except Exception as error:  # noqa: BLE001 - as above
            self._state_of_spool = type(error).__name__
            logger.warning("The spool failed.", extra={"reason": self._state_of_spool})
            return None
        logger.info(
            "A prompt was spooled.", extra={"log_id": str(self._prompt.id), "reason": reason}
        )
        return Capture(self._prompt, "spooled", reason, self._seconds)

    async def _put_and_see(self, spool: Spool) -> None:
        """Put it, and leave the write the rest of the time.

        The connection may have to be made anew, and as long as no write succeeds, the circuit
        stays open.
        """
        self._spooled = await self._put(spool)


@contextmanager
def _timed(part: str, seconds: dict[str, float]) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[part] = seconds.get(part, 0) + time.perf_counter() - started
