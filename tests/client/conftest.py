"""Services for the clients, and both clients."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from prompt_capture.client import Service, Timeouts

from .clients import AnyClient, create_client
from .echo_service import EchoService, run_echo_service, write_certificate
from .scripted_service import ScriptedService, run_service

# A machine may be busy: where a response is expected, no test depends on how soon it comes.
PATIENT = Timeouts(deadline=60, attempt=60)
HALF_PATIENT = Timeouts(deadline=60, attempt=2)
IMPATIENT = Timeouts(deadline=0.6, attempt=0.2)

Connect = Callable[..., AnyClient]


@pytest.fixture(scope="session")
def shared_service() -> Iterator[tuple[ScriptedService, Service]]:
    """One service for all tests, because a server that hangs takes a second to stop."""
    scripted = ScriptedService()
    with run_service(scripted) as service:
        yield scripted, service


@pytest.fixture
def scripted(shared_service: tuple[ScriptedService, Service]) -> ScriptedService:
    shared_service[0].reset()
    return shared_service[0]


@pytest.fixture
def service(shared_service: tuple[ScriptedService, Service], scripted: ScriptedService) -> Service:
    return shared_service[1]


@pytest.fixture(params=["synchronous", "asynchronous"])
async def connect(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Connect]:
    clients: list[AnyClient] = []

    def connect_client(service: Service = service, **options: object) -> AnyClient:
        client = create_client(request.param, service, **{"timeouts": PATIENT, **options})
        clients.append(client)
        return client

    yield connect_client
    for client in clients:
        await client.aclose()


@pytest.fixture(params=["http", "https"])
def echo(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EchoService]:
    """A service that answers with the message, over HTTP and over TLS."""
    certificate = None
    if request.param == "https":
        certificate = tmp_path / "certificate.pem"
        write_certificate(certificate)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with run_echo_service(certificate) as service:
        yield service
