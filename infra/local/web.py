"""HTTP servers in a background thread: one event loop, one application a socket."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Coroutine, MutableMapping
from typing import Any, Protocol, TypeVar

import uvicorn

T = TypeVar("T")
Scope = MutableMapping[str, Any]


class Receive(Protocol):
    def __call__(self) -> Awaitable[MutableMapping[str, Any]]: ...


class Send(Protocol):
    def __call__(self, message: MutableMapping[str, Any]) -> Awaitable[None]: ...


class App(Protocol):
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]: ...


class BackgroundLoop:
    """An event loop in a thread of its own, for owners that are not asynchronous."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="stack")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Run to the end in the background thread and return the result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class WebServer:
    """Serves applications, each on a loopback port of its own."""

    def __init__(self) -> None:
        self._apps: dict[int, App] = {}
        self._sockets: list[socket.socket] = []
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._dispatch,
                interface="asgi3",
                lifespan="off",
                ws="none",
                proxy_headers=False,
                access_log=False,
                log_config=None,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
                server_header=False,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    def add(self, app: App) -> int:
        """Give an application a port, before the server starts, and return it."""
        # Only where the protocol is named does asyncio send answers without Nagle's delay.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self._sockets.append(listener)
        port = int(listener.getsockname()[1])
        self._apps[port] = app
        return port

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apps[scope["server"][1]](scope, receive, send)

    async def start(self) -> None:
        """Return when all ports answer."""
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets))
        # uvicorn tells nobody when it has started.
        while not (self._server.started or self._serving.done()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Close all ports and connections."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        for listener in self._sockets:
            listener.close()


async def read_body(receive: Receive) -> bytes:
    """Collect a request's body."""
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(parts)


async def respond(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send a whole answer; JSON unless `headers` say otherwise."""
    headers = [(b"content-type", b"application/json")] if headers is None else headers
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
