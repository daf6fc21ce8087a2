"""The fault proxy injects each fault, and forwards requests unchanged without a fault."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from infra.lambda_emulator.web import (
    AsgiReceive,
    AsgiScope,
    AsgiSend,
    BackgroundLoop,
    WebServer,
    read_body,
    respond,
)
from infra.local.faults import HEALTHY, Fault, FaultProxy


@dataclass
class Upstream:
    """Responds with the request body, twice, and records it."""

    received: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        body = await read_body(receive)
        self.received.append(body)
        await respond(send, 201, body * 2)


@dataclass
class ProxiedRoute:
    """A route through the proxy, and its upstream."""

    proxy: FaultProxy
    url: str
    upstream: Upstream


@pytest.fixture(scope="module")
def route(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedRoute]:
    loop, web, upstream = BackgroundLoop(), WebServer(), Upstream()
    url = f"http://127.0.0.1:{web.add(upstream)}"
    loop.run(web.start())
    proxy = FaultProxy(Path(tmp_path_factory.mktemp("faults")))
    proxied = ProxiedRoute(proxy, proxy.add_route("test", url, "/rest/"), upstream)
    proxy.start()
    yield proxied
    proxy.stop()
    loop.run(web.stop())
    loop.close()


@pytest.fixture
def http(route: ProxiedRoute) -> Iterator[httpx.Client]:
    route.upstream.received.clear()
    with httpx.Client(base_url=route.url, timeout=0.5) as client:
        yield client
    route.proxy.set_fault("test", HEALTHY)


def test_without_a_fault_requests_and_responses_pass_unchanged(
    route: ProxiedRoute, http: httpx.Client
) -> None:
    for body in (b"one", b"x" * 200_000, b""):
        assert http.post("/rest/a", content=body).content == body * 2
    response = http.post("/rest/a", content=iter([b"in ", b"chunks"]))
    assert (response.status_code, response.content) == (201, b"in chunksin chunks")
    assert http.head("/rest/a").status_code == 201


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("refuse"), httpx.ConnectError),
        (Fault("hang"), httpx.ReadTimeout),
        (Fault("slow", seconds=2), httpx.ReadTimeout),
        (Fault("half"), httpx.RemoteProtocolError),
        (Fault("reset"), httpx.ReadError),
        (Fault("reset_after"), httpx.ReadError),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_the_client_sees_a_fault_until_the_fault_ends(
    route: ProxiedRoute, http: httpx.Client, fault: Fault, error: type[Exception]
) -> None:
    with route.proxy.inject("test", fault), pytest.raises(error):
        http.post("/rest/a", content=b"body" * 100)
    assert http.post("/rest/a", content=b"after").content == b"afterafter"


def test_a_slow_response_arrives_unchanged_in_parts(
    route: ProxiedRoute, http: httpx.Client
) -> None:
    body = b"x" * 150_000
    fault = Fault("slow", seconds=0.01, bytes_per_second=1_000_000)
    with (
        route.proxy.inject("test", fault),
        http.stream("POST", "/rest/a", content=body) as response,
    ):
        parts = list(response.iter_raw())
    assert b"".join(parts) == body * 2
    assert len(parts) > 2


@pytest.mark.parametrize("kind", ["half", "slow", "reset_after"])
def test_the_upstream_processes_a_request_whose_response_is_affected(
    route: ProxiedRoute, http: httpx.Client, kind: str
) -> None:
    fault = Fault(kind, seconds=2)  # type: ignore[arg-type]
    with route.proxy.inject("test", fault), pytest.raises(httpx.TransportError):
        http.post("/rest/a", content=b"body")
    assert route.upstream.received == [b"body"]


@pytest.mark.parametrize("kind", ["hang", "reset", "status"])
def test_the_upstream_does_not_receive_a_blocked_request(
    route: ProxiedRoute, http: httpx.Client, kind: str
) -> None:
    with route.proxy.inject("test", Fault(kind)):  # type: ignore[arg-type]
        try:
            assert http.post("/rest/a", content=b"body").status_code == 503
        except httpx.TransportError:
            assert kind != "status"
    assert route.upstream.received == []


def test_a_fault_can_affect_every_third_request_and_never_other_paths(
    route: ProxiedRoute, http: httpx.Client
) -> None:
    route.proxy.set_fault("test", Fault("status", status=500, every=3))
    statuses = [http.post("/rest/a").status_code for _ in range(6)]
    others = [http.get("/auth/v1/keys").status_code for _ in range(6)]
    assert statuses == [201, 201, 500, 201, 201, 500]
    assert others == [201] * 6
    counts = route.proxy.counts("test")
    assert (counts.requests, counts.affected) == (6, 2)


def test_a_fault_can_affect_some_requests_alone_and_let_the_first_of_them_pass(
    route: ProxiedRoute, http: httpx.Client
) -> None:
    fault = Fault("status", status=500, method="PUT", path="/rest/b", skip=1)
    route.proxy.set_fault("test", fault)

    others = [http.request(*each) for each in (("POST", "/rest/b"), ("PUT", "/rest/a"))]
    assert [response.status_code for response in others] == [201, 201]
    assert [http.put("/rest/b/1").status_code for _ in range(3)] == [201, 500, 500]
    counts = route.proxy.counts("test")
    assert (counts.requests, counts.affected) == (3, 2)


def test_killed_connections_hang_and_new_connections_work(
    route: ProxiedRoute, http: httpx.Client
) -> None:
    http.post("/rest/a", content=b"before")
    route.proxy.kill_connections("test")
    with pytest.raises(httpx.ReadTimeout):
        http.post("/rest/a", content=b"dead")
    assert http.post("/rest/a", content=b"new").content == b"newnew"
