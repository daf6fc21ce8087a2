"""The fault proxy does to a connection what it says, and nothing where it is told nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from infra.local.faults import HEALTHY, Fault, FaultProxy
from infra.local.web import BackgroundLoop, Receive, Scope, Send, WebServer, read_body, respond


@dataclass
class Upstream:
    """Answers with what it was sent, and counts."""

    asked: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        self.asked.append(body)
        await respond(send, 201, body * 2)


@dataclass
class Between:
    """A route through the proxy, and who is at its end."""

    proxy: FaultProxy
    url: str
    upstream: Upstream


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    loop, web, upstream = BackgroundLoop(), WebServer(), Upstream()
    url = f"http://127.0.0.1:{web.add(upstream)}"
    loop.run(web.start())
    proxy = FaultProxy(Path(tmp_path_factory.mktemp("faults")))
    route = Between(proxy, proxy.add_route("it", url, "/rest/"), upstream)
    proxy.start()
    yield route
    proxy.stop()
    loop.run(web.stop())
    loop.close()


@pytest.fixture
def http(between: Between) -> Iterator[httpx.Client]:
    between.upstream.asked.clear()
    with httpx.Client(base_url=between.url, timeout=0.5) as client:
        yield client
    between.proxy.set("it", HEALTHY)


def test_what_is_told_nothing_passes_as_it_came(between: Between, http: httpx.Client) -> None:
    for body in (b"one", b"x" * 200_000, b""):
        assert http.post("/rest/a", content=body).content == body * 2
    answer = http.post("/rest/a", content=iter([b"in ", b"chunks"]))
    assert (answer.status_code, answer.content) == (201, b"in chunksin chunks")
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
def test_a_fault_is_seen_as_what_it_is_and_is_gone_when_it_is_over(
    between: Between, http: httpx.Client, fault: Fault, error: type[Exception]
) -> None:
    with between.proxy.inject("it", fault), pytest.raises(error):
        http.post("/rest/a", content=b"body" * 100)
    assert http.post("/rest/a", content=b"after").content == b"afterafter"


@pytest.mark.parametrize("kind", ["half", "slow", "reset_after"])
def test_the_request_was_done_where_only_the_answer_is_at_fault(
    between: Between, http: httpx.Client, kind: str
) -> None:
    fault = Fault(kind, seconds=2)  # type: ignore[arg-type]
    with between.proxy.inject("it", fault), pytest.raises(httpx.TransportError):
        http.post("/rest/a", content=b"body")
    assert between.upstream.asked == [b"body"]


@pytest.mark.parametrize("kind", ["hang", "reset", "status"])
def test_nothing_was_done_where_the_request_did_not_come_through(
    between: Between, http: httpx.Client, kind: str
) -> None:
    with between.proxy.inject("it", Fault(kind)):  # type: ignore[arg-type]
        try:
            assert http.post("/rest/a", content=b"body").status_code == 503
        except httpx.TransportError:
            assert kind != "status"
    assert between.upstream.asked == []


def test_every_third_request_can_be_at_fault_and_other_paths_never_are(
    between: Between, http: httpx.Client
) -> None:
    between.proxy.set("it", Fault("status", status=500, every=3))
    statuses = [http.post("/rest/a").status_code for _ in range(6)]
    others = [http.get("/auth/v1/keys").status_code for _ in range(6)]
    assert statuses == [201, 201, 500, 201, 201, 500]
    assert others == [201] * 6
    passed = between.proxy.passed("it")
    assert (passed.requests, passed.faulty) == (6, 2)


def test_connections_die_silently_and_new_ones_are_well(
    between: Between, http: httpx.Client
) -> None:
    http.post("/rest/a", content=b"before")
    between.proxy.kill_connections("it")
    with pytest.raises(httpx.ReadTimeout):
        http.post("/rest/a", content=b"dead")
    assert http.post("/rest/a", content=b"new").content == b"newnew"
