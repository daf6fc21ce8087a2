"""A scripted service, and both clients of it."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from prompt_capture.client import Service, Timeouts

from .either import Either, make
from .service import ScriptedService, serving

SHORT = Timeouts(deadline=0.6, attempt=0.2)

Connect = Callable[..., Either]


@pytest.fixture(scope="session")
def shared() -> Iterator[tuple[ScriptedService, Service]]:
    """One for all, for a server that hangs takes a second to stop."""
    scripted = ScriptedService()
    with serving(scripted) as service:
        yield scripted, service


@pytest.fixture
def scripted(shared: tuple[ScriptedService, Service]) -> ScriptedService:
    shared[0].reset()
    return shared[0]


@pytest.fixture
def service(shared: tuple[ScriptedService, Service], scripted: ScriptedService) -> Service:
    return shared[1]


@pytest.fixture(params=["plain", "asynchronous"])
async def connect(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Connect]:
    made: list[Either] = []

    def connected(service: Service = service, **options: object) -> Either:
        made.append(make(request.param, service, **{"patience": SHORT, **options}))
        return made[-1]

    yield connected
    for client in made:
        await client.aclose()
