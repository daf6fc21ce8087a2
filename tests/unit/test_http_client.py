"""The connection pools of the functions."""

import asyncio
from typing import Any

import pytest

from prompt_capture.adapters.http_client import create_http_client

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def _cancel_when_connected(event: str, details: dict[str, Any]) -> None:
    if event == "connection.connect_tcp.complete":
        task = asyncio.current_task()
        assert task is not None
        task.cancel()


async def test_requests_that_are_cancelled_when_they_are_connected_do_not_use_up_the_pool() -> None:
    """httpcore keeps the connection of such a request, and never uses it again."""
    used_connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal used_connections
        is_first = True
        while await reader.read(10_000):
            used_connections, is_first = used_connections + is_first, False
            writer.write(_ANSWER)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, create_http_client(1) as client:
        for _ in range(100):
            with pytest.raises(asyncio.CancelledError):
                await client.get(url, extensions={"trace": _cancel_when_connected})

        responses = [await client.get(url) for _ in range(3)]

        assert [response.status_code for response in responses] == [200, 200, 200]
        assert used_connections == 1


@pytest.mark.parametrize("cookie", [b"__cf_bm=1", b"\xff=\xfe"])
async def test_cookies_of_proxies_are_not_kept(cookie: bytes) -> None:
    """One with a byte outside ASCII would prevent every further request."""
    requests = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(10_000):
            requests.append(request.lower())
            writer.write(_ANSWER.replace(b"\r\n\r\n", b"\r\nSet-Cookie: " + cookie + b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, create_http_client(1) as client:
        for _ in range(2):
            assert (await client.get(url)).status_code == 200

    assert len(requests) == 2
    assert not any(b"cookie" in request for request in requests)
