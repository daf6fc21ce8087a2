"""A local Lambda with two functions of the tests' own, on the test's event loop."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.local.lambda_runtime import FunctionSpec, LambdaService
from infra.local.stack import Stack
from infra.local.web import WebServer

FUNCTIONS = Path(__file__).parent / "functions"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[LambdaService]:
    web = WebServer()
    functions = [
        FunctionSpec("echo", FUNCTIONS / "echo", {"COLOUR": "red"}, timeout_seconds=1),
        FunctionSpec("broken", FUNCTIONS / "broken"),
        FunctionSpec("absent", FUNCTIONS / "absent"),
    ]
    service = LambdaService(web, tmp_path, functions)
    await web.start()
    yield service
    await service.close()
    await web.stop()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole stack, shared by tests that leave it as they found it."""
    with Stack(f"test-infra-{os.getpid()}") as running:
        yield running
