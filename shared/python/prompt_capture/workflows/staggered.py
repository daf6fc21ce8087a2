"""Several ways to the same end within one deadline, none given up for the next."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Success = TypeVar("Success")
Attempt = Callable[[], Awaitable[Success | None]]
"""Something to try; it answers None when it has failed."""


async def first_to_succeed(
    attempts: Iterable[Attempt[Success]], delay: float, allowed: float
) -> Success | None:
    """Answer what the first success brings within `allowed` seconds, else None.

    The next attempt begins when one has failed, or beside it after `delay` seconds, as connections
    do in RFC 8305, section 5. What is still under way at the end is cancelled; it may have had its
    effect all the same, so attempts must be idempotent. What an attempt raises is raised. Of two
    that end at once, the one that began first counts.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + allowed
    to_begin = list(attempts)
    begun: list[asyncio.Future[Success | None]] = []
    running: set[asyncio.Future[Success | None]] = set()
    try:
        while to_begin or running:
            if to_begin:
                begun.append(asyncio.ensure_future(to_begin.pop(0)()))
                running.add(begun[-1])
            left = ends_at - loop.time()
            wait = min(delay, left) if to_begin else left
            done, running = await asyncio.wait(
                running, timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in (each for each in begun if each in done):
                if (success := attempt.result()) is not None:
                    return success
            if loop.time() >= ends_at:
                break
        return None
    finally:
        for attempt in running:
            attempt.cancel()
        if running or len(begun) > 1:
            await asyncio.gather(*begun, return_exceptions=True)
