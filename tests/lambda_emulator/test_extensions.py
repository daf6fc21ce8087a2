"""An extension can work after the response, and its instance is not idle until it is done."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from infra.lambda_emulator import FunctionSpec, LambdaService
from infra.lambda_emulator.web import WebServer
from tests.lambda_emulator.conftest import FUNCTIONS
from tests.lambda_emulator.test_service import is_alive

Call = Callable[[], Awaitable[int]]


@asynccontextmanager
async def late_function(
    folder: Path, seconds: float, timeout_seconds: float = 5
) -> AsyncIterator[Call]:
    """Run a function whose extension works for some seconds after each response."""
    environment = {"EXTENSION_LOG": str(folder / "extension.log"), "WORK_SECONDS": str(seconds)}
    spec = FunctionSpec("late", FUNCTIONS / "late", environment, timeout_seconds=timeout_seconds)
    web = WebServer()
    service = LambdaService(web, folder, [spec])
    await web.start()

    async def call() -> int:
        return int(json.loads((await service.pools["late"].invoke(b"{}")).payload))

    try:
        yield call
    finally:
        await service.close()
        await web.stop()


def log_lines(folder: Path) -> list[str]:
    return (folder / "extension.log").read_text().splitlines()


async def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("The condition did not become true within 20 seconds.")


async def test_the_response_does_not_wait_for_the_extension(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=1) as call:
        await call()
        assert log_lines(tmp_path) == ["started"]
        await wait_until(lambda: log_lines(tmp_path) == ["started", "worked 5"])


async def test_a_request_goes_to_a_new_instance_while_an_extension_still_works(
    tmp_path: Path,
) -> None:
    async with late_function(tmp_path, seconds=20, timeout_seconds=30) as call:
        assert await call() != await call()


async def test_an_instance_takes_its_next_request_when_the_extension_is_done(
    tmp_path: Path,
) -> None:
    async with late_function(tmp_path, seconds=0) as call:
        processes = set()
        for number in range(3):
            processes.add(await call())
            await wait_until(lambda expected=number + 2: len(log_lines(tmp_path)) == expected)  # type: ignore[misc]
            await asyncio.sleep(0.2)

    assert len(processes) == 1


async def test_an_extension_that_exceeds_the_timeout_ends_its_instance(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=60, timeout_seconds=1) as call:
        process = await call()
        await wait_until(lambda: not is_alive(process))

    assert log_lines(tmp_path) == ["started"]


def _runtime_api(process: int) -> str:
    environment = Path(f"/proc/{process}/environ").read_text().split("\0")
    return dict(variable.partition("=")[::2] for variable in environment)["AWS_LAMBDA_RUNTIME_API"]


async def test_only_registered_extensions_receive_events(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=0) as call:
        api = _runtime_api(await call())
        async with httpx.AsyncClient(base_url=f"http://{api}/2020-01-01/extension") as client:
            unregistered = await client.get(
                "/event/next", headers={"lambda-extension-identifier": "x"}
            )
            shutdown = await client.post(
                "/register",
                json={"events": ["INVOKE", "SHUTDOWN"]},
                headers={"lambda-extension-name": "x"},
            )

    assert unregistered.json()["errorType"] == "Extension.UnknownExtensionIdentifier"
    assert shutdown.json()["errorType"] == "ShutdownEventNotSupportedForInternalExtension"
