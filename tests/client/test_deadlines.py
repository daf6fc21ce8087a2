"""An attempt ends on time, however slowly the network gives what it gives."""

import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpcore
import pytest

from prompt_capture.client import Service, Timeouts
from prompt_capture.client.deadlines import BoundedBackend, Deadline

from .conftest import Connect
from .scripted_service import CLASSIFICATION, ScriptedService

PAUSE_SECONDS = 0.01
TIMEOUTS = Timeouts(deadline=0.3, attempt=0.3)
MAX_FLOOD_SECONDS = 8


SLOW_RESPONSE = f"HTTP/1.1 200 OK\r\nx-padding: {'x' * 900}\r\ncontent-length: 0\r\n\r\n".encode()
"""Whoever waits for its end takes it for an invalid response."""


@pytest.fixture
def slow_url() -> Iterator[str]:
    """The URL of a server that sends one byte of its response at a time."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65_536)
            for byte in SLOW_RESPONSE:
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    return
                time.sleep(PAUSE_SECONDS)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,)).start()

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize("is_proxy", [False, True])
async def test_a_call_does_not_wait_for_headers_that_arrive_after_its_deadline(
    is_proxy: bool, slow_url: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://classify.example.org/" if is_proxy else slow_url
    if is_proxy:
        monkeypatch.setenv("HTTP_PROXY", slow_url)
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
    client = connect(Service(url, url, url, "pc_key"), timeouts=TIMEOUTS)
    assert (await client.classify("hello", user_id="u")).error_code == "no_response"


@pytest.fixture
def flood() -> Iterator[tuple[str, threading.Event]]:
    """The URL of a server that sends interim responses without a pause, and whether it was cut."""
    listener, was_cut = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def answer() -> None:
        connection, _ = listener.accept()
        ends_at = time.monotonic() + MAX_FLOOD_SECONDS
        with connection:
            connection.recv(65_536)
            while time.monotonic() < ends_at:
                try:
                    connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1_000)
                except OSError:
                    was_cut.set()
                    return

    thread = threading.Thread(target=answer)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", was_cut
    thread.join()
    listener.close()


async def test_an_attempt_ends_on_time_where_a_server_sends_without_end(
    flood: tuple[str, threading.Event], connect: Connect
) -> None:
    url, was_cut = flood
    client = connect(Service(url, url, url, "pc_key"), timeouts=TIMEOUTS)
    assert (await client.classify("hello", user_id="u")).error_code == "no_response"
    await client.aclose()
    assert was_cut.wait(MAX_FLOOD_SECONDS)


async def test_a_response_that_is_too_large_for_the_service_is_invalid(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(200, {**CLASSIFICATION, "unknown_field": "x" * 2_000_000})]
    client = connect(timeouts=Timeouts(deadline=30, attempt=30))
    assert (await client.classify("hello", user_id="u")).error_code == "invalid_response"


class Network:
    """A clock, and addresses of which all but `answering` drop every packet."""

    def __init__(self, *answering: str) -> None:
        self.answering = answering
        self.now = 100.0
        self.tried: list[str] = []

    def monotonic(self) -> float:
        return self.now

    def connect_tcp(self, host: str, port: int, timeout: float, **options: Any) -> object:
        self.tried.append(host)
        if host in self.answering:
            return httpcore.NetworkStream()
        self.now += timeout
        raise httpcore.ConnectTimeout

    def connect(self, seconds: float) -> None:
        """Connect to a name within seconds."""
        deadline = Deadline()
        deadline.ends_at = self.now + seconds
        BoundedBackend(self, deadline).connect_tcp("name", 443, timeout=seconds)  # type: ignore[arg-type]


ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*name: object, **options: object) -> list[tuple[object, ...]]:
        twice = [address for address in ADDRESSES for _ in range(2)]
        return [(0, 0, 0, "", (address, 443)) for address in twice]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def start(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=network.monotonic)
    monkeypatch.setattr("prompt_capture.client.deadlines.time", clock)


@pytest.mark.usefixtures("addresses")
def test_the_addresses_of_a_host_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network()
    start(network, monkeypatch)
    with pytest.raises(httpcore.ConnectTimeout):
        network.connect(seconds=4)
    assert network.tried == ADDRESSES
    assert network.now == pytest.approx(104)


@pytest.mark.usefixtures("addresses")
def test_addresses_that_drop_packets_leave_time_for_one_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network(ADDRESSES[-1])
    start(network, monkeypatch)
    network.connect(seconds=4)
    assert network.tried == ADDRESSES


async def test_a_name_without_an_address_raises_no_exception(connect: Connect) -> None:
    url = "http://name.invalid/"
    client = connect(Service(url, url, url, "pc_key"))
    assert (await client.classify("hello", user_id="u")).error_code == "no_response"
