"""Write a prompt to the store, or to the spool, within one deadline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

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
from prompt_capture.ports.capture import CaptureStore, Spool

_HEDGE_DELAY_FRACTION = 1 / 3
"""After this fraction of the time, the next attempt starts alongside the one that is running."""

Result = TypeVar("Result")
Attempt = Callable[[], Awaitable[Result | None]]
"""One way to obtain a result. It returns None when it fails."""

logger = logging.getLogger(__name__)


class CaptureStrategy(Protocol):
    """A way to capture a prompt."""

    async def __call__(self, prompt: CapturedPrompt, seconds_left: float = 60.0) -> Capture:
        """Capture a prompt within `seconds_left`, or within the configured timeout if that is less.

        Raise `UnknownUser`, or `CaptureConflict` when the id belongs to a different message.
        """


@dataclass
class _CaptureProgress:
    """The state of the capture of one prompt.

    `reason` is why the prompt is not written, as far as is known.
    """

    prompt: CapturedPrompt
    reason: SpoolReason = "too_slow"
    spooled: Capture | None = None
    spool_status: str = "not tried"
    seconds: dict[str, float] = field(default_factory=dict)


class WriteFirst:
    """Writes a prompt before the response, and spools it when the write does not succeed.

    `timeout` in seconds covers the write and the spool together. Without a spool, the write has all
    of it, and a prompt that cannot be written is lost. `record_metrics` receives each capture.
    """

    def __init__(
        self,
        store: CaptureStore,
        spool: Spool | None = None,
        timeout: float = 0.3,
        circuit: CircuitBreaker | None = None,
        record_metrics: Callable[[Capture], None] = lambda capture: None,
    ) -> None:
        self._store = store
        self._spool = spool
        self._timeout = timeout
        self._min_conclusive_seconds = timeout * _HEDGE_DELAY_FRACTION / 2
        self._circuit = circuit or CircuitBreaker()
        self._record_metrics = record_metrics

    async def __call__(self, prompt: CapturedPrompt, seconds_left: float = 60.0) -> Capture:
        progress = _CaptureProgress(prompt)
        time_limit = max(0.0, min(seconds_left, self._timeout))
        attempts = self._plan(progress)
        success = await first_success(attempts, time_limit * _HEDGE_DELAY_FRACTION, time_limit)
        capture = success or progress.spooled or _report_loss(progress)
        self._record_metrics(capture)
        return capture

    def _plan(self, progress: _CaptureProgress) -> Sequence[Attempt[Capture]]:
        """Return the attempts in order."""
        write = partial(self._write, progress)
        if self._spool is None:
            return [write]
        put = partial(self._put, self._spool, progress)
        if not self._circuit.is_open:
            return [write, put, partial(self._retry_write, progress)]
        if self._circuit.try_acquire():
            return [write, partial(self._put_and_keep_writing, self._spool, progress)]
        progress.reason = "circuit_open"
        return [put, write]

    async def _write(self, progress: _CaptureProgress) -> Capture | None:
        try:
            with _add_duration("write", progress.seconds):
                written = await self._store.log_prompt(progress.prompt)
        except (UnknownUser, CaptureConflict):
            self._circuit.record_success()
            raise
        except asyncio.CancelledError:
            # A write that had only just started, alongside a slow spool, does not show that the
            # store is slow.
            if progress.seconds["write"] >= self._min_conclusive_seconds:
                self._circuit.record_failure()
                _note_failed_write(progress, "too_slow", "too slow")
            raise
        except PromptRefused as error:
            self._circuit.record_success()
            _note_failed_write(progress, "refused", str(error))
            return None
        except Exception as error:  # noqa: BLE001 - no failure may prevent the response
            self._circuit.record_failure()
            # The text of any other error may contain the prompt.
            is_safe = isinstance(error, StoreUnavailable)
            detail = str(error) if is_safe else type(error).__name__
            _note_failed_write(progress, "unavailable", detail)
            return None
        self._circuit.record_success()
        return Capture(written, "stored", None, progress.seconds)

    async def _retry_write(self, progress: _CaptureProgress) -> Capture | None:
        """Write again after a failure of the store, while the spool is slow."""
        return await self._write(progress) if progress.reason == "unavailable" else None

    async def _put(self, spool: Spool, progress: _CaptureProgress) -> Capture | None:
        prompt, reason = progress.prompt, progress.reason
        progress.spool_status = "too slow"
        spooled = SpooledPrompt(spooled_at=datetime.now(UTC), reason=reason, prompt=prompt)
        try:
            with _add_duration("spool", progress.seconds):
                await spool.put(spooled)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the response
            progress.spool_status = type(error).__name__
            logger.warning("The spool failed.", extra={"reason": progress.spool_status})
            return None
        logger.info("Prompt spooled.", extra={"log_id": str(prompt.id), "reason": reason})
        return Capture(prompt, "spooled", reason, progress.seconds)

    async def _put_and_keep_writing(self, spool: Spool, progress: _CaptureProgress) -> None:
        """Spool the prompt, and return None, so that the write has the rest of the time.

        The write may have to open a new connection, and only a successful write closes the circuit.
        """
        progress.spooled = await self._put(spool, progress)


def _note_failed_write(progress: _CaptureProgress, reason: SpoolReason, detail: str) -> None:
    progress.reason = reason
    logger.warning(
        "The write of a prompt failed.",
        extra={"log_id": str(progress.prompt.id), "reason": detail},
    )


def _report_loss(progress: _CaptureProgress) -> Capture:
    logger.error(
        "Prompt lost: neither stored nor spooled.",
        extra={
            "log_id": str(progress.prompt.id),
            "reason": progress.reason,
            "spool": progress.spool_status,
        },
    )
    return Capture(progress.prompt, "lost", progress.reason, progress.seconds)


@contextmanager
def _add_duration(step: str, seconds: dict[str, float]) -> Iterator[None]:
    """Add the duration of the block to the step's total."""
    started_at = time.perf_counter()
    try:
        yield
    finally:
        seconds[step] = seconds.get(step, 0) + time.perf_counter() - started_at


async def first_success(
    attempts: Iterable[Attempt[Result]], delay: float, time_limit: float
) -> Result | None:
    """Return the result of the first attempt that succeeds within `time_limit` seconds, else None.

    An attempt starts when the previous one fails, or after `delay` seconds, alongside it. RFC 8305,
    section 5, opens connections in the same way. Where two attempts succeed at the same time, the
    one that started first counts. An exception of an attempt is raised.

    Attempts that are still running at the end are cancelled. They may have had their effect
    already, so attempts must be idempotent.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + time_limit
    waiting = list(attempts)
    started: list[asyncio.Future[Result | None]] = []
    running: set[asyncio.Future[Result | None]] = set()
    try:
        while waiting or running:
            if waiting:
                started.append(asyncio.ensure_future(waiting.pop(0)()))
                running.add(started[-1])
            remaining = ends_at - loop.time()
            done, running = await asyncio.wait(
                running,
                timeout=min(delay, remaining) if waiting else remaining,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for attempt in (each for each in started if each in done):
                if (result := attempt.result()) is not None:
                    return result
            if loop.time() >= ends_at:
                break
        return None
    finally:
        for attempt in running:
            attempt.cancel()
        if running or len(started) > 1:
            await asyncio.gather(*started, return_exceptions=True)
