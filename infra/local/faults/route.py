"""One route through the proxy: a port in front of another, and what is wrong with it now."""

import asyncio
import contextlib
import socket
import struct

import h11

from infra.local.faults.fault import HEALTHY, Fault
from infra.local.faults.messages import Ended, read_answer, read_request

_FOREVER = 3_600


class Route:
    """Passes requests from `port` on to `upstream`, both on loopback.

    Faults befall only requests whose path begins with `path`, so that others can be let through.
    """

    def __init__(self, port: int, upstream: int, path: str) -> None:
        self._port, self._upstream, self._path = port, upstream, path
        self._fault = HEALTHY
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._dead: set[asyncio.StreamWriter] = set()
        self.requests = 0
        self.faulty = 0

    async def set(self, fault: Fault) -> None:
        """Fare like this from now on; what hung under the last fault is reset."""
        if self._fault.kind in {"refuse", "hang"} or fault.kind == "refuse":
            self._reset_all()
        self._fault, self.requests, self.faulty = fault, 0, 0
        if fault.kind == "refuse":
            await self._stop_listening()
        else:
            await self.listen()

    def kill_connections(self) -> None:
        """Let connections that are open die silently, as after a freeze; new ones are well."""
        self._dead |= self._open

    async def listen(self) -> None:
        """Take connections; does nothing when it does already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        upstream: asyncio.StreamWriter | None = None
        try:
            source, upstream = await asyncio.open_connection("127.0.0.1", self._upstream)
            while True:
                raw, request = await read_request(reader)
                await self._pass_on(raw, request, writer, source, upstream)
        except (Ended, OSError, h11.RemoteProtocolError):
            pass  # one side is gone; so is the other
        finally:
            self._open.discard(writer)
            self._dead.discard(writer)
            for end in (writer, upstream):
                if end is not None:
                    end.close()

    async def _pass_on(
        self,
        raw: bytes,
        request: h11.Request,
        writer: asyncio.StreamWriter,
        source: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
    ) -> None:
        """Do a request as its fault has it; raises `Ended` when the connection is done with."""
        fault = self._fault_of(request)
        if writer in self._dead or fault.kind == "hang":
            await asyncio.sleep(_FOREVER)
        if fault.kind == "reset":
            _reset(writer)
            raise Ended
        if fault.kind == "status":
            answer = _answer(fault)
        else:
            upstream.write(raw)
            answer = await read_answer(source, request)
        await _deliver(answer, fault, writer)

    def _fault_of(self, request: h11.Request) -> Fault:
        if not request.target.startswith(self._path.encode()):
            return HEALTHY
        self.requests += 1
        if self._fault.kind == "healthy" or self.requests % self._fault.every:
            return HEALTHY
        self.faulty += 1
        return self._fault


async def _deliver(answer: bytes, fault: Fault, writer: asyncio.StreamWriter) -> None:
    if fault.kind == "reset_after":
        _reset(writer)
        raise Ended
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "half":
        answer = answer[: len(answer) // 2]
    writer.write(answer)
    await writer.drain()
    if fault.kind == "half":
        raise Ended


def _answer(fault: Fault) -> bytes:
    body = fault.body.encode()
    head = f"HTTP/1.1 {fault.status} Fault\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset: at once, what is unsent thrown away."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
