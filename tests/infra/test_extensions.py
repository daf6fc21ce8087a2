"""An extension may outlast the answer, and holds its environment meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.lambda_runtime import FunctionSpec, LambdaService
from infra.local.web import WebServer
from tests.infra.conftest import FUNCTIONS
from tests.infra.test_lambda_runtime import alive

Call = Callable[[], Awaitable[int]]


@asynccontextmanager
async def late_function(folder: Path, seconds: float, limit: float = 5) -> AsyncIterator[Call]:
    """A function whose extension works for some seconds after each answer."""
    environment = {"NOTES": str(folder / "notes"), "LATE_SECONDS": str(seconds)}
    spec = FunctionSpec("late", FUNCTIONS / "late", environment, timeout_seconds=limit)
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


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().splitlines()


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.02)
    pytest.fail("It never came to hold.")


async def test_the_answer_does_not_wait_for_the_extension(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=1) as call:
        await call()
        assert notes(tmp_path) == ["begun"]
        await eventually(lambda: notes(tmp_path) == ["begun", "late 5"])


async def test_a_request_waits_for_no_extension_that_is_still_at_work(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=20, limit=30) as call:
        assert await call() != await call()


async def test_an_environment_takes_its_next_request_when_the_extension_is_done(
    tmp_path: Path,
) -> None:
    async with late_function(tmp_path, seconds=0) as call:
        processes = set()
        for number in range(3):
            processes.add(await call())
            await eventually(lambda done=number + 2: len(notes(tmp_path)) == done)  # type: ignore[misc]
            await asyncio.sleep(0.2)

    assert len(processes) == 1


async def test_an_extension_that_outlasts_the_timeout_ends_its_environment(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=60, limit=1) as call:
        process = await call()
        await eventually(lambda: not alive(process))

    assert notes(tmp_path) == ["begun"]


def _runtime_api(process: str) -> str:
    environment = Path(f"/proc/{process}/environ").read_text().split("\0")
    return dict(part.partition("=")[::2] for part in environment)["AWS_LAMBDA_RUNTIME_API"]


async def test_only_what_registered_gets_events(tmp_path: Path) -> None:
    async with late_function(tmp_path, seconds=0) as call:
        await call()
        api = _runtime_api((tmp_path / "processes.txt").read_text().split()[0])
        async with httpx.AsyncClient(base_url=f"http://{api}/2020-01-01/extension") as client:
            stranger = await client.get("/event/next", headers={"lambda-extension-identifier": "x"})
            shutdown = await client.post(
                "/register",
                json={"events": ["INVOKE", "SHUTDOWN"]},
                headers={"lambda-extension-name": "x"},
            )

    assert stranger.json()["errorType"] == "Extension.UnknownExtensionIdentifier"
    assert shutdown.json()["errorType"] == "ShutdownEventNotSupportedForInternalExtension"
