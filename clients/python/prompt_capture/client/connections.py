"""Connections that belong to one process and, for asyncio, to one event loop.

Two processes that share a connection read each other's responses, over TLS too. A fork copies
connections, their locks and event loops in whatever state they are, so the new process touches
none of them: it opens connections of its own, and leaves the inherited ones as they are.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine, Set
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Generic, TypeVar

import httpx

from prompt_capture.client.errors import NoResponse, is_interruption, list_causes
from prompt_capture.client.exchanges import AsyncBoundedClient
from prompt_capture.client.proxies import blank_proxies

LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=20)
"""Idle connections are closed after 20 s, before the server is likely to close them.

The clients limit the number of connections before requests reach the pool; see `deadlines`.
"""

Value = TypeVar("Value")
Http = TypeVar("Http", bound=httpx.Client | httpx.AsyncClient)

_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - the number belongs to the process
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


def create_tls() -> ssl.SSLContext:
    """Create the settings of TLS. Raise `ValueError` if the environment names unusable files."""
    with suppress(OSError):
        return httpx.create_ssl_context()
    raise ValueError(
        "The certificates in SSL_CERT_FILE or SSL_CERT_DIR, or the file in SSLKEYLOGFILE, cannot "
        "be used. Correct these variables or unset them"
    )


def create_http(kind: Callable[..., Http], tls: ssl.SSLContext) -> Http:
    """Create an HTTP client. Raise `ValueError` if the environment names an unusable proxy.

    The error of httpx can contain the proxy's password.
    """
    with suppress(ValueError, ImportError, httpx.InvalidURL):
        return kind(
            limits=LIMITS,
            verify=tls,
            headers={"Accept-Encoding": "identity"},
            cookies=_empty_cookie_jar(),
            mounts=dict.fromkeys(blank_proxies()),
        )
    raise ValueError(
        "The proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or an exception in NO_PROXY, cannot be "
        "used. Write a proxy as http://host:port, without quotation marks; a SOCKS proxy needs "
        "`pip install httpx[socks]`. Write exceptions as names and addresses with commas between, "
        "without brackets and ranges of IPv6"
    )


def _empty_cookie_jar() -> CookieJar:
    """Return a jar that keeps no cookie. The service sets none.

    A proxy may set one that httpx cannot send, which would prevent every further request.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def find_permanent_failure(
    error: httpx.HTTPError | OSError, handled_before: BaseException | None
) -> BaseException | None:
    """Return the error for a failed attempt that no retry can fix, or None.

    httpx takes a `TimeoutError` of a signal handler for its own. What the caller was handling
    before the attempt did not make it fail.
    """
    if isinstance(error, httpx.ProxyError) and str(error).startswith("4"):  # such as 407
        return NoResponse("proxy_rejected")
    for cause in list_causes(error, handled_before):
        if is_interruption(cause):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoResponse("certificate_invalid")
    return None


def current_process() -> tuple[int, int]:
    """Return a value that no process shares with a process that it was forked from.

    The number of forks differs where a namespace gives both the same process id. The process id
    differs where a fork outside Python runs no hook.
    """
    return _forks, os.getpid()


class PerProcess(Generic[Value]):
    """A value that each process creates when it first needs it. Threads share it.

    There is no lock, which another thread might hold at the moment of a fork. What is inherited
    stays referenced, since even its destructor could disturb the process that it belongs to.
    """

    def __init__(self, create: Callable[[], Value]) -> None:
        self._create = create
        self._values: dict[tuple[int, int], Value] = {}

    def get(self) -> Value:
        """Return the value of this process."""
        process = current_process()
        value = self._values.get(process)
        return self._values.setdefault(process, self._create()) if value is None else value

    def pop(self) -> Value | None:
        """Remove and return the value of this process, or return None where there is none."""
        return self._values.pop(current_process(), None)


class LoopConnections:
    """The connections of one event loop, and the outcomes that are being recorded on it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.http = create_http(AsyncBoundedClient, tls)
        self._recordings: set[asyncio.Task[Any]] = set()
        self._closing = _close_when_finished(self.http, self._recordings)

    async def close_with_the_loop(self) -> None:
        """Have the event loop close the connections before it closes itself.

        `asyncio.run` and `asyncio.Runner` first finish the asynchronous generators of their loop.
        """
        await anext(self._closing)

    def record(self, recording: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a recording in a task of its own, which `aclose` waits for."""
        task = asyncio.get_running_loop().create_task(recording)
        self._recordings.add(task)
        task.add_done_callback(self._recordings.discard)
        return task

    async def aclose(self) -> None:
        """Wait for the recordings, then close the connections."""
        await _close(self.http, self._recordings)


async def _close(http: httpx.AsyncClient, recordings: Set[asyncio.Task[Any]]) -> None:
    while recordings:
        await asyncio.wait(recordings)
    await http.aclose()


async def _close_when_finished(
    http: httpx.AsyncClient, recordings: Set[asyncio.Task[Any]]
) -> AsyncGenerator[None, None]:
    process = current_process()
    try:
        yield
    finally:
        if process == current_process():
            # Blocks that the event loop ends at the same time first start to record their outcomes.
            await asyncio.sleep(0)
            await _close(http, recordings)


class EventLoops:
    """The connections of one process, by event loop. Their event loops may run in many threads."""

    def __init__(self) -> None:
        self._tls = create_tls()
        create_http(AsyncBoundedClient, self._tls)  # raises an error now, not in a call
        self._by_loop: dict[asyncio.AbstractEventLoop, LoopConnections] = {}

    async def connections(self) -> LoopConnections:
        """Return the connections of the running event loop. Raise `RuntimeError` without one."""
        loop = asyncio.get_running_loop()
        connections = self._by_loop.get(loop)
        if connections is None or connections.http.is_closed:
            self._forget_closed_loops()
            connections = self._by_loop[loop] = LoopConnections(self._tls)
            await connections.close_with_the_loop()
        return connections

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        connections = self._by_loop.get(asyncio.get_running_loop())
        if connections is not None:
            await connections.aclose()

    def _forget_closed_loops(self) -> None:
        for loop in list(self._by_loop):
            if loop.is_closed():
                self._by_loop.pop(loop, None)
