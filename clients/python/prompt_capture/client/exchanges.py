"""Exchanges of the asynchronous client: requests with their responses, which end at a deadline.

A request that is cancelled, or that gives up while it waits in the pool of httpcore, can leave a
connection behind that nobody uses or closes. So requests wait for a connection before they reach
the pool, the network ends them at their deadline, and no cancellation reaches them.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from prompt_capture.client import deadlines
from prompt_capture.client.deadlines import limit_wait, require_time

if TYPE_CHECKING:
    import ssl

    import httpcore

Result = TypeVar("Result")
Exchange = Callable[[float], Coroutine[Any, Any, Result]]
"""An exchange that ends at the time of the monotonic clock with which it is called."""

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)
"""When the waits of the current task end, in seconds of the monotonic clock, if ever."""


class AsyncBoundedClient(httpx.AsyncClient):
    """An `httpx.AsyncClient` whose exchanges end at a deadline. Tasks can share it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._free = asyncio.Semaphore(deadlines.MAX_CONNECTIONS)
        self._exchanges: set[asyncio.Task[Any]] = set()
        for transport in (self._transport, *self._mounts.values()):
            if isinstance(transport, httpx.AsyncHTTPTransport):
                pool = transport._pool
                pool._network_backend = AsyncBoundedBackend(pool._network_backend)  # type: ignore[assignment]

    async def run(self, exchange: Exchange[Result], seconds: float) -> Result | None:
        """Run an exchange, and return its result; None if it takes longer than `seconds`.

        It has a task of its own. Where the caller is cancelled, the exchange goes on until it ends
        by itself, at its deadline at the latest.
        """
        ends_at = time.monotonic() + seconds
        if not await self._wait_for_a_connection(seconds):
            return None
        task = asyncio.create_task(_run_until(ends_at, exchange))
        self._exchanges.add(task)
        task.add_done_callback(self._end)
        await asyncio.wait({task}, timeout=ends_at - time.monotonic())
        return task.result() if task.done() else None

    async def _wait_for_a_connection(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._free.acquire()
        except TimeoutError:
            if not limit.expired():  # a signal handler raised it
                raise
            return False

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._exchanges.discard(task)
        self._free.release()
        if not task.cancelled():
            task.exception()  # nobody else may ask for it

    async def aclose(self) -> None:
        """Close all connections, and wait for what used them."""
        await super().aclose()
        if self._exchanges:
            await asyncio.wait(self._exchanges)


async def _run_until(ends_at: float, exchange: Exchange[Result]) -> Result:
    _ends_at.set(ends_at)  # in the context of this task alone
    return await exchange(ends_at)


def _limit_of_task(timeout: float | None) -> float | None:
    """Return the seconds that a wait of the current task may take."""
    return limit_wait(timeout, _ends_at.get())


class AsyncBoundedBackend:
    """The part of httpcore's `AsyncNetworkBackend` that opens TCP connections, with a deadline."""

    def __init__(self, backend: "httpcore.AsyncNetworkBackend") -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        **options: Any,
    ) -> "AsyncBoundedStream":
        """Connect to the first address that answers."""
        limit = _limit_of_task(timeout)
        return AsyncBoundedStream(await self._backend.connect_tcp(host, port, limit, **options))


class AsyncBoundedStream:
    """A connection of httpcore, with the deadline of the task that waits for it."""

    def __init__(self, stream: "httpcore.AsyncNetworkStream") -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return what has arrived, at most `max_bytes`. Raise `TimeoutError` after the deadline."""
        require_time(_ends_at.get())
        return await self._stream.read(max_bytes, _limit_of_task(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send all bytes."""
        await self._stream.write(buffer, _limit_of_task(timeout))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: "ssl.SSLContext",
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> "AsyncBoundedStream":
        """Return the connection with TLS."""
        limit = _limit_of_task(timeout)
        return AsyncBoundedStream(await self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        """Return a property of the connection."""
        return self._stream.get_extra_info(info)
