"""Reads complete HTTP/1.1 messages from a stream without changing a byte."""

import asyncio

import h11

_READ_SIZE = 65_536


class ConnectionEnded(Exception):
    """The connection ended before a complete message arrived."""


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, h11.Request]:
    """Return the next request, as raw bytes and parsed; raise `ConnectionEnded` at the end."""
    connection = h11.Connection(h11.SERVER)
    raw, head = await _read(reader, connection)
    assert isinstance(head, h11.Request)  # noqa: S101 - a server connection parses only requests
    return raw, head


async def read_response(reader: asyncio.StreamReader, request: h11.Request) -> bytes:
    """Return the raw response to a request; raise `ConnectionEnded` if it is incomplete."""
    connection = h11.Connection(h11.CLIENT)
    # The request method determines whether the response has a body.
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
