"""One route through the proxy: a listening port, an upstream port, and the current fault."""

import asyncio
import contextlib
import socket
import struct

import h11

from infra.local.faults.fault import HEALTHY, Fault

_HANG_SECONDS = 3_600
_READ_SIZE = 65_536
_REQUEST_HEADERS = [("host", "upstream")]


class ConnectionEnded(Exception):
    """The connection ended before a complete message arrived."""


class Route:
    """Forwards requests from `port` to `upstream`, both on loopback.

    Faults affect only requests whose path begins with `path`.
    """

    def __init__(self, port: int, upstream: int, path: str) -> None:
        self._port, self._upstream, self._path = port, upstream, path
        self._fault = HEALTHY
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._unresponsive: set[asyncio.StreamWriter] = set()
        self.requests = 0
        self.affected = 0

    async def set_fault(self, fault: Fault) -> None:
        """Set the fault and reset the counts; reset connections that hang under the last fault."""
        if self._fault.kind in {"refuse", "hang"} or fault.kind == "refuse":
            self._reset_all()
        self._fault, self.requests, self.affected = fault, 0, 0
        if fault.kind == "refuse":
            await self._stop_listening()
        else:
            await self.listen()

    def kill_connections(self) -> None:
        """Make open connections unresponsive, as after a freeze; new connections work."""
        self._unresponsive |= self._open

    async def listen(self) -> None:
        """Accept connections; does nothing if the route already listens."""
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
                raw, request = await _read_request(reader)
                await self._handle(raw, request, writer, source, upstream)
        except (ConnectionEnded, OSError, h11.RemoteProtocolError):
            pass  # when one side closes, close the other side too
        finally:
            self._open.discard(writer)
            self._unresponsive.discard(writer)
            for end in (writer, upstream):
                if end is not None:
                    end.close()

    async def _handle(
        self,
        raw: bytes,
        request: h11.Request,
        writer: asyncio.StreamWriter,
        source: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
    ) -> None:
        """Handle one request under the current fault; raise `ConnectionEnded` to close."""
        fault = self._next_fault(request)
        if writer in self._unresponsive or fault.kind == "hang":
            await asyncio.sleep(_HANG_SECONDS)
        if fault.kind == "reset":
            _reset(writer)
            raise ConnectionEnded
        if fault.kind == "status":
            response = _fault_response(fault)
        else:
            upstream.write(raw)
            response = await _read_response(source, request)
        await _deliver(response, fault, writer)

    def _next_fault(self, request: h11.Request) -> Fault:
        """Count the request and return the fault that applies to it."""
        fault, target = self._fault, request.target.decode("latin-1")
        if not (target.startswith(self._path) and target.startswith(fault.path)):
            return HEALTHY
        if fault.method not in {"", request.method.decode("ascii")}:
            return HEALTHY
        self.requests += 1
        number = self.requests - fault.skip
        if fault.kind == "healthy" or number <= 0 or number % fault.every:
            return HEALTHY
        self.affected += 1
        return fault


async def _deliver(response: bytes, fault: Fault, writer: asyncio.StreamWriter) -> None:
    if fault.kind == "reset_after":
        _reset(writer)
        raise ConnectionEnded
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        if fault.bytes_per_second:
            await _trickle(response, fault.bytes_per_second, writer)
            return
    if fault.kind == "half":
        response = response[: len(response) // 2]
    writer.write(response)
    await writer.drain()
    if fault.kind == "half":
        raise ConnectionEnded


async def _trickle(response: bytes, bytes_per_second: int, writer: asyncio.StreamWriter) -> None:
    """Write a response no faster than a connection with this bandwidth carries it."""
    started_at = asyncio.get_running_loop().time()
    for start in range(0, len(response), _READ_SIZE):
        part = response[start : start + _READ_SIZE]
        due = started_at + (start + len(part)) / bytes_per_second
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        writer.write(part)
        await writer.drain()


def _fault_response(fault: Fault) -> bytes:
    body = fault.body.encode()
    head = f"HTTP/1.1 {fault.status} Fault\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with a TCP reset and discard unsent data."""
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader) -> tuple[bytes, h11.Request]:
    """Return the next request, as raw bytes and parsed; raise `ConnectionEnded` at the end."""
    connection = h11.Connection(h11.SERVER)
    raw, head = await _read_message(reader, connection)
    assert isinstance(head, h11.Request)  # noqa: S101 - a server connection parses only requests
    return raw, head


async def _read_response(reader: asyncio.StreamReader, request: h11.Request) -> bytes:
    """Return the raw response to a request; raise `ConnectionEnded` if it is incomplete."""
    connection = h11.Connection(h11.CLIENT)
    # The request method determines whether the response has a body.
    connection.send(
        h11.Request(method=request.method, target=request.target, headers=_REQUEST_HEADERS)
    )
    connection.send(h11.EndOfMessage())
    return (await _read_message(reader, connection))[0]


async def _read_message(
    reader: asyncio.StreamReader, connection: h11.Connection
) -> tuple[bytes, h11.Request | h11.Response]:
    raw = bytearray()
    head: h11.Request | h11.Response | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_SIZE)
            if not data and (head is None or isinstance(head, h11.Request)):
                raise ConnectionEnded
            raw += data
            connection.receive_data(data)
        elif isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return bytes(raw), head
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionEnded
