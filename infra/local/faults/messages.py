"""Whole HTTP/1.1 messages out of a stream, byte for byte as they came."""

import asyncio

import h11

_AT_ONCE = 65_536


class Ended(Exception):
    """The other side closed the connection."""


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, h11.Request]:
    """Read the next request; raises `Ended`."""
    connection = h11.Connection(h11.SERVER)
    raw, head = await _read(reader, connection)
    assert isinstance(head, h11.Request)  # noqa: S101 - what a server reads
    return raw, head


async def read_answer(reader: asyncio.StreamReader, request: h11.Request) -> bytes:
    """Read the answer to a request; raises `Ended`."""
    connection = h11.Connection(h11.CLIENT)
    # What the request was decides how long its answer is.
    connection.send(h11.Request(method=request.method, target=request.target, headers=_HEADERS))
    connection.send(h11.EndOfMessage())
    return (await _read(reader, connection))[0]


_HEADERS = [("host", "upstream")]


async def _read(
    reader: asyncio.StreamReader, connection: h11.Connection
) -> tuple[bytes, h11.Request | h11.Response]:
    raw = bytearray()
    head: h11.Request | h11.Response | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_AT_ONCE)
            if not data and (head is None or isinstance(head, h11.Request)):
                raise Ended
            raw += data
            connection.receive_data(data)
        elif isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return bytes(raw), head
        elif isinstance(event, h11.ConnectionClosed):
            raise Ended
