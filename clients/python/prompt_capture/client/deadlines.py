"""One time limit for all waits of an attempt of the synchronous client.

These are the waits for a free connection and for the network. httpx limits each wait alone: for
every address of a host, and for every piece of a response. A host with five addresses that drop
packets would take five times as long as one.
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from prompt_capture.client.errors import is_interruption, list_causes

if TYPE_CHECKING:
    import ssl

    import httpcore

MAX_CONNECTIONS = 100
"""How many requests of a process, or of an event loop, use connections at a time. Others wait.

They wait here, since a request that gives up in the pool of httpcore can leave a connection behind
that nobody uses or closes.
"""

_MIN_WAIT_SECONDS = 0.001
"""A wait of zero would mean that the socket never waits, which is another kind of error."""


class BoundedClient(httpx.Client):
    """An `httpx.Client` whose waits can have one limit together. Threads can share it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._deadline = Deadline()
        self._free = threading.Semaphore(MAX_CONNECTIONS)
        for transport in (self._transport, *self._mounts.values()):
            if isinstance(transport, httpx.HTTPTransport):
                # httpx has no option for the network backend of httpcore.
                pool = transport._pool
                pool._network_backend = BoundedBackend(pool._network_backend, self._deadline)  # type: ignore[assignment]

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit all waits of this thread in the block to `seconds` together.

        The resolution of a host name is the exception: the operating system limits it. Raise
        `httpx.PoolTimeout` if no connection becomes free.
        """
        self._deadline.ends_at = time.monotonic() + seconds
        try:
            if not self._free.acquire(timeout=seconds):
                raise httpx.PoolTimeout("No connection became free")
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._deadline.ends_at = None


class Deadline(threading.local):
    """When the waits of the current thread end, in seconds of the monotonic clock, if ever."""

    ends_at: float | None = None

    def limit(self, timeout: float | None) -> float | None:
        """Return the seconds that a wait may take which by itself has `timeout` seconds."""
        return limit_wait(timeout, self.ends_at)


def limit_wait(timeout: float | None, ends_at: float | None) -> float | None:
    """Return the seconds that a wait of `timeout` seconds may take before a deadline."""
    if ends_at is None:
        return timeout
    remaining = ends_at - time.monotonic()
    return max(remaining if timeout is None else min(remaining, timeout), _MIN_WAIT_SECONDS)


def require_time(ends_at: float | None) -> None:
    """Raise `TimeoutError` after a deadline, also where nothing has to wait.

    A server can send without end what is no response yet, such as 103 Early Hints.
    """
    if ends_at is not None and time.monotonic() > ends_at:
        raise TimeoutError("The deadline has passed")


class BoundedBackend:
    """The part of httpcore's `NetworkBackend` that opens TCP connections, with a deadline."""

    def __init__(self, backend: "httpcore.NetworkBackend", deadline: Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **options: Any
    ) -> "BoundedStream":
        """Connect to the first address that answers. Each gets an equal share of the time left.

        Raise `OSError` for a name that has no address, and otherwise the error of the last address.
        """
        addresses, handled_before = _resolve(host, port), sys.exception()
        for index, address in enumerate(addresses):
            limit = self._deadline.limit(timeout)
            share = None if limit is None else limit / (len(addresses) - index)
            try:
                stream = self._backend.connect_tcp(address, port, share, **options)
            except Exception as error:
                causes = list_causes(error, handled_before)
                if index + 1 == len(addresses) or any(map(is_interruption, causes)):
                    raise
            else:
                return BoundedStream(stream, self._deadline)
        raise OSError("The host has no address")


class BoundedStream:
    """A connection of httpcore, with a deadline."""

    def __init__(self, stream: "httpcore.NetworkStream", deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived, at most `max_bytes`. Raise `TimeoutError` after the deadline."""
        require_time(self._deadline.ends_at)
        return self._stream.read(max_bytes, self._deadline.limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all bytes."""
        self._stream.write(buffer, self._deadline.limit(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: "ssl.SSLContext",
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "BoundedStream":
        """Return the connection with TLS."""
        limit = self._deadline.limit(timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, limit)
        return BoundedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return a property of the connection."""
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in the order of preference. Raise `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
