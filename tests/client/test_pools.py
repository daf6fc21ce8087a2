"""A client has all its connections again after an outage and after calls that were cancelled."""

import asyncio
import gc
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, read_body, respond
from prompt_capture.client import AsyncCaptureClient, CaptureClient, Service, Timeouts

from .conftest import PATIENT
from .scripted_service import CLASSIFICATION, HANG, SILENT, ScriptedService, run_service

CONNECTIONS = 4
SHORT = Timeouts(deadline=0.2, attempt=0.05)


class HeldService:
    """A service that answers no request while it is held."""

    is_held = True

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        await read_body(receive)
        while self.is_held:  # noqa: ASYNC110 - another thread changes it
            await asyncio.sleep(0.005)
        await respond(send, 200, json.dumps(CLASSIFICATION).encode())


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldService:
    monkeypatch.setattr("prompt_capture.client.deadlines.MAX_CONNECTIONS", CONNECTIONS)
    return HeldService()


@pytest.fixture
def held_service(held: HeldService) -> Iterator[Service]:
    with run_service(held) as service:
        yield service
        held.is_held = False


def test_threads_have_all_connections_again_after_an_outage(
    held: HeldService, held_service: Service
) -> None:
    with (
        CaptureClient(held_service, timeouts=SHORT) as client,
        CaptureClient(held_service, timeouts=PATIENT) as later,
        ThreadPoolExecutor(12 * CONNECTIONS) as threads,
    ):
        later._connections = client._connections  # patience is for a busy machine alone
        for _ in range(6):
            answers = threads.map(client.classify, ["hello"] * 12 * CONNECTIONS)
            assert {answer.error_code for answer in answers} == {"no_response"}
        held.is_held = False
        answers = threads.map(later.classify, ["hello"] * 2 * CONNECTIONS)
        assert {answer.captured for answer in answers} == {"stored"}


async def test_tasks_have_all_connections_again_after_an_outage(
    held: HeldService, held_service: Service
) -> None:
    async with (
        AsyncCaptureClient(held_service, timeouts=SHORT) as client,
        AsyncCaptureClient(held_service, timeouts=PATIENT) as later,
    ):
        later._loops = client._loops
        for _ in range(6):
            calls = [client.classify("hello") for _ in range(12 * CONNECTIONS)]
            answers = await asyncio.gather(*calls)
            assert {answer.error_code for answer in answers} == {"no_response"}
        held.is_held = False
        calls = [later.classify("hello") for _ in range(2 * CONNECTIONS)]
        assert {answer.captured for answer in await asyncio.gather(*calls)} == {"stored"}


async def test_tasks_have_all_connections_again_after_calls_that_were_cancelled(
    held: HeldService, held_service: Service
) -> None:
    held.is_held = False
    chance = random.Random(7)
    async with AsyncCaptureClient(held_service, timeouts=PATIENT) as client:
        for _ in range(100):
            calls = [
                asyncio.ensure_future(client.classify("hello")) for _ in range(3 * CONNECTIONS)
            ]
            await asyncio.sleep(chance.uniform(0, 0.02))
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
        calls = [asyncio.ensure_future(client.classify("hello")) for _ in range(2 * CONNECTIONS)]
        async with asyncio.timeout(PATIENT.deadline / 2):
            assert {call.captured for call in await asyncio.gather(*calls)} == {"stored"}


async def test_a_cancelled_call_does_not_wait_for_the_service(
    scripted: ScriptedService, service: Service
) -> None:
    scripted.script = [HANG]
    async with AsyncCaptureClient(service, timeouts=Timeouts(30, 30)) as client:
        call = asyncio.ensure_future(client.classify("hello"))
        while not scripted.requests:  # noqa: ASYNC110 - another thread changes it
            await asyncio.sleep(0.01)
        call.cancel()
        started_at = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await call
        await client.aclose()
        assert time.monotonic() - started_at < 5
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_an_event_loop_ends_quietly_while_a_cancelled_request_goes_on(
    scripted: ScriptedService, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.script = [SILENT]
    client = AsyncCaptureClient(service, timeouts=Timeouts(30, 30))

    async def cancel() -> None:
        call = asyncio.ensure_future(client.classify("hello"))
        while not scripted.requests:  # noqa: ASYNC110 - another thread changes it
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.wait([call])

    loop = asyncio.new_event_loop()
    loop.run_until_complete(cancel())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    gc.collect()
    assert not caplog.records
