"""Hedged attempts: several ways to the same result, which overlap within one deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Result = TypeVar("Result")
Attempt = Callable[[], Awaitable[Result | None]]
"""One way to obtain a result. It returns None when it fails."""


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
