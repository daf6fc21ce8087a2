"""HTTP servers on one event loop in a background thread; each application has its own port."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Coroutine, MutableMapping
from typing import Any, Protocol, TypeVar

import uvicorn

T = TypeVar("T")
AsgiScope = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]


class AsgiReceive(Protocol):
    def __call__(self) -> Awaitable[MutableMapping[str, Any]]: ...


class AsgiSend(Protocol):
    def __call__(self, message: MutableMapping[str, Any]) -> Awaitable[None]: ...


class AsgiApp(Protocol):
    def __call__(
        self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend
    ) -> Awaitable[None]: ...


class BackgroundLoop:
    """An event loop in a background thread, for synchronous callers."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="stack")
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Run a coroutine in the background thread and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(seconds)

    def close(self) -> None:
        """Stop the thread; safe to call twice."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


class WebServer:
    """Serves ASGI applications, each on its own loopback port."""

    def __init__(self) -> None:
        self._apps: dict[int, AsgiApp] = {}
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

    def add(self, app: AsgiApp, port: int = 0) -> int:
        """Assign a port to an application, a free one by default, and return it.

        Call this before the server starts. Raises `OSError` if the port is in use.
        """
        # asyncio sets TCP_NODELAY only on sockets with an explicit protocol.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._sockets.append(listener)
        # A server that just ended does not block its port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        port = int(listener.getsockname()[1])
        self._apps[port] = app
        return port

    async def _dispatch(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        await self._apps[scope["server"][1]](scope, receive, send)

    async def start(self) -> None:
        """Start the server and return when all ports accept requests."""
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets))
        # uvicorn has no event for a completed start.
        while not (self._server.started or self._serving.done()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Close all ports and connections."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        for listener in self._sockets:
            listener.close()


async def read_body(receive: AsgiReceive) -> bytes:
    """Return the complete body of a request."""
    chunks = []
    while (message := await receive())["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(chunks)


async def respond(send: AsgiSend, status: int, body: bytes, headers: Headers | None = None) -> None:
    """Send a complete response; the default content type is JSON."""
    headers = [(b"content-type", b"application/json")] if headers is None else headers
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
