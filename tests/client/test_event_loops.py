"""One asynchronous client in several event loops, one after the other and at the same time."""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from uuid import UUID

import pytest

from prompt_capture.client import AsyncCaptureClient, Service

from .echo_service import EchoService
from .scripted_service import CLASSIFICATION, ScriptedService

LOG_ID = UUID(CLASSIFICATION["log_id"])


@pytest.fixture
def client(echo: EchoService) -> AsyncCaptureClient:
    return AsyncCaptureClient(Service(echo.url, echo.url, echo.url, "pc_key"))


async def ask(client: AsyncCaptureClient, message: str) -> bool:
    """Return whether the answer is the one to the message."""
    return (await client.classify(message, user_id="u")).intent == message


async def ask_several(client: AsyncCaptureClient, label: str) -> bool:
    """Send messages one after the other and at the same time."""
    in_turn = [await ask(client, f"{label}, {number}") for number in range(5)]
    at_once = await asyncio.gather(*(ask(client, f"{label}, {n} at once") for n in range(5)))
    return all([*in_turn, *at_once])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_each_run_of_asyncio_gets_its_answers_and_leaves_nothing_open(
    echo: EchoService, client: AsyncCaptureClient
) -> None:
    """A connection that is left open is a warning, which fails the test."""
    assert asyncio.run(ask_several(client, "first"))
    gc.collect()
    files = open_files()

    runs = 5
    assert all(asyncio.run(ask_several(client, f"run {number}")) for number in range(runs))

    gc.collect()
    for _ in range(1000):  # The service, in this process, closes its end of a connection later.
        if open_files() <= files:
            break
        time.sleep(0.01)
    # Other threads of this process may open a file, but not one in each run.
    assert open_files() < files + runs
    assert len(set(echo.idempotency_keys)) == 60


def test_a_run_that_closes_the_client_does_not_affect_the_next_one(
    client: AsyncCaptureClient,
) -> None:
    async def use_as_context(label: str) -> bool:
        async with client:
            return await ask_several(client, label)

    assert all(asyncio.run(use_as_context(f"run {number}")) for number in range(3))
    gc.collect()


def test_a_client_that_is_closed_in_its_event_loop_can_be_used_again(
    client: AsyncCaptureClient,
) -> None:
    async def use_twice() -> bool:
        answers = []
        for number in range(2):
            answers.append(await ask(client, f"message {number}"))
            await client.aclose()
        return all(answers)

    assert asyncio.run(use_twice())
    gc.collect()


def test_an_event_loop_that_is_interrupted_by_others_keeps_its_connections(
    echo: EchoService, client: AsyncCaptureClient
) -> None:
    with asyncio.Runner() as runner:
        for number in range(3):
            assert runner.run(ask(client, f"kept {number}"))
            assert asyncio.run(ask(client, f"other {number}"))

    connections = [messages for messages in echo.messages.values() if "kept 0" in messages]
    assert connections == [["kept 0", "kept 1", "kept 2"]]
    gc.collect()


def test_an_event_loop_that_is_closed_by_hand_leaves_nothing_open(
    client: AsyncCaptureClient,
) -> None:
    for number in range(3):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(ask_several(client, f"loop {number}"))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    gc.collect()


def test_threads_with_an_event_loop_each_get_their_own_answers(
    echo: EchoService, client: AsyncCaptureClient
) -> None:
    answers: list[bool] = []

    def run(number: int) -> None:
        answers.extend(asyncio.run(ask_several(client, f"thread {number}")) for _ in range(3))

    threads = [threading.Thread(target=run, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [True] * 12
    for messages in echo.messages.values():
        assert len({message.partition(",")[0] for message in messages}) == 1
    gc.collect()


async def _blocks(client: AsyncCaptureClient, label: str) -> AsyncIterator[int]:
    async with client.workflow(LOG_ID, label):
        yield 1


@pytest.mark.filterwarnings("ignore:asynchronous generator:ResourceWarning")  # in httpcore
def test_the_outcome_of_a_block_is_recorded_that_the_end_of_the_event_loop_ends(
    service: Service, scripted: ScriptedService
) -> None:
    client = AsyncCaptureClient(service)
    abandoned = []

    async def abandon() -> None:
        await client.classify("hello", user_id="u")
        abandoned.extend([_blocks(client, "first"), _blocks(client, "second")])
        for block in abandoned:
            await anext(block)

    asyncio.run(abandon())

    outcomes = {body["workflow_type"]: body["was_successful"] for body in scripted.bodies[1:]}
    assert outcomes == {"first": False, "second": False}


def test_a_block_that_ends_after_its_event_loop_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = AsyncCaptureClient(service)

    class Suspension:
        def __await__(self) -> Generator[None, None, None]:
            yield

    async def work() -> None:
        async with client.workflow(LOG_ID, "never ended"):
            await Suspension()

    coroutine = work()
    coroutine.send(None)
    coroutine.close()

    assert "not recorded (RuntimeError)" in caplog.text


def test_the_outcome_of_a_generator_that_is_closed_is_recorded(
    service: Service, scripted: ScriptedService
) -> None:
    client = AsyncCaptureClient(service)

    async def close_early() -> None:
        block = _blocks(client, "closed")
        await anext(block)
        await block.aclose()  # type: ignore[attr-defined]

    asyncio.run(close_early())

    (outcome,) = scripted.bodies
    assert outcome["execution_error"] == "Cancelled."
