"""A local Lambda service with test functions, on the event loop of the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.lambda_emulator import FunctionSpec, LambdaService
from infra.lambda_emulator.web import WebServer

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
