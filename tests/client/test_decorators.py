"""A block that decorates a function records how the run of the function ends, not its call."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import pytest

from prompt_capture.client import AsyncCaptureClient, CaptureClient, Service

from .conftest import PATIENT
from .scripted_service import CLASSIFICATION, RECORDED, ScriptedService

LOG_ID = UUID(CLASSIFICATION["log_id"])
Clients = CaptureClient | AsyncCaptureClient


@pytest.fixture(params=[CaptureClient, AsyncCaptureClient])
def client(request: pytest.FixtureRequest, service: Service, scripted: ScriptedService) -> Clients:
    scripted.script = [RECORDED]
    client: Clients = request.param(service, timeouts=PATIENT)
    return client


async def close(client: Clients) -> None:
    if isinstance(client, AsyncCaptureClient):
        await client.aclose()
    else:
        client.close()


def outcomes(scripted: ScriptedService) -> list[tuple[bool, str | None]]:
    return [(body["was_successful"], body.get("execution_error")) for body in scripted.bodies]


async def work(error: str | None = None) -> str:
    await asyncio.sleep(0)
    if error is not None:
        raise ValueError(error)
    return "done"


class Worker:
    """An object that is called as a coroutine function is."""

    async def __call__(self, error: str | None = None) -> str:
        return await work(error)

    async def method(self, error: str | None = None) -> str:
        return await work(error)


class Awaitable:
    """An object that is awaited, as those of drivers of databases are."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "done"


@pytest.mark.parametrize(
    "function",
    [
        work,
        functools.partial(work),
        Worker(),
        Worker().method,
        staticmethod(work),
        functools.partial(Worker()),
        staticmethod(functools.partial(staticmethod(Worker()))),
    ],
    ids=["function", "partial", "object", "method", "static", "partial object", "nested"],
)
async def test_the_end_of_a_coroutine_is_recorded(
    client: Clients, scripted: ScriptedService, function: Callable[..., Any]
) -> None:
    decorated = client.workflow(LOG_ID, "w")(function)

    with pytest.raises(ValueError, match="The list is full"):
        await decorated("The list is full.")
    assert await decorated() == "done"
    await close(client)

    assert outcomes(scripted) == [(False, "ValueError: The list is full."), (True, None)]


async def test_nothing_is_recorded_before_a_coroutine_has_run(
    client: Clients, scripted: ScriptedService
) -> None:
    coroutine = client.workflow(LOG_ID, "w")(work)()
    assert scripted.requests == []
    await coroutine
    await close(client)

    assert outcomes(scripted) == [(True, None)]


async def test_a_decorated_function_keeps_its_name_and_kind(client: Clients) -> None:
    decorated = client.workflow(LOG_ID, "w")(work)

    assert decorated.__name__ == "work"
    assert asyncio.iscoroutinefunction(decorated)


async def test_each_call_is_recorded_also_within_another_and_beside_others(
    client: Clients, scripted: ScriptedService
) -> None:
    decorate: Callable[[Any], Any] = client.workflow(LOG_ID, "w")

    @decorate
    async def nest(depth: int) -> None:
        await asyncio.sleep(0)
        if depth:
            await nest(depth - 1)
            raise ValueError(depth)

    await asyncio.gather(nest(1), nest(0), return_exceptions=True)
    await close(client)

    assert sorted(outcomes(scripted), key=str) == [
        (False, "ValueError: 1"),
        (True, None),
        (True, None),
    ]


async def test_a_cancelled_coroutine_counts_as_failed(
    client: Clients, scripted: ScriptedService
) -> None:
    decorate: Callable[[Any], Any] = client.workflow(LOG_ID, "w")

    @decorate
    async def wait() -> None:
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait(), 0.05)
    await close(client)

    assert outcomes(scripted) == [(False, "Cancelled.")]


def generate() -> Iterator[int]:
    yield 1


async def generate_asynchronously() -> AsyncIterator[int]:
    yield 1


class Generating:
    """An object that is called as a generator function is."""

    def __call__(self) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize(
    "function",
    [generate, generate_asynchronously, functools.partial(generate), Generating()],
    ids=["generator", "asynchronous generator", "partial", "object"],
)
async def test_a_generator_function_is_refused_with_the_remedy(
    client: Clients, function: Any
) -> None:
    with pytest.raises(TypeError, match=r"generator function.*`with`.*within the function"):
        client.workflow(LOG_ID, "w")(function)
    await close(client)


@pytest.mark.parametrize(
    "kind", [classmethod, property, functools.cached_property], ids=lambda kind: kind.__name__
)
async def test_what_is_no_function_by_itself_is_refused_with_the_remedy(
    client: Clients, kind: Callable[[object], Any]
) -> None:
    """As where the decorators of a method are in the wrong order."""
    with pytest.raises(TypeError, match=rf"a {kind.__name__}\. Write its decorator below"):
        client.workflow(LOG_ID, "w")(kind(work))
    await close(client)


async def test_the_asynchronous_client_refuses_a_function_that_nothing_awaits(
    service: Service,
) -> None:
    client = AsyncCaptureClient(service)
    plain: Any = len
    with pytest.raises(TypeError, match=r"`async def` only\. Use CaptureClient"):
        client.workflow(LOG_ID, "w")(plain)
    await client.aclose()


@pytest.mark.parametrize(
    "result",
    [
        work,
        generate,
        generate_asynchronously,
        contextmanager(generate),
        asynccontextmanager(generate_asynchronously),
    ],
    ids=["coroutine", "generator", "asynchronous generator", "block", "asynchronous block"],
)
def test_a_function_that_returns_what_is_yet_to_run_is_no_success(
    service: Service, scripted: ScriptedService, result: Callable[[], object]
) -> None:
    """As where another decorator hides that the function is a coroutine function."""
    scripted.script = [RECORDED]
    client = CaptureClient(service)

    @client.workflow(LOG_ID, "w")
    def decorated() -> object:
        return result()

    with pytest.raises(TypeError, match=r"yet to run.*`with`"):
        decorated()
    client.close()

    assert [success for success, _ in outcomes(scripted)] == [False]


@pytest.mark.parametrize(
    "create",
    [
        lambda: asyncio.create_task(asyncio.sleep(0)),
        lambda: asyncio.gather(asyncio.sleep(0)),
        asyncio.Future,
        Future,
        Awaitable,
    ],
    ids=["task", "gather", "future", "future of a thread", "awaitable"],
)
async def test_a_function_that_returns_work_of_others_is_no_success(
    service: Service, scripted: ScriptedService, create: Callable[[], object]
) -> None:
    scripted.script = [RECORDED]
    client = CaptureClient(service)

    with pytest.raises(TypeError, match=r"yet to run.*`with`"):
        client.workflow(LOG_ID, "w")(create)()
    client.close()

    assert [success for success, _ in outcomes(scripted)] == [False]


@pytest.mark.parametrize(
    "value", [None, 7, "text", [1], iter([1])], ids=lambda value: type(value).__name__
)
def test_other_results_are_returned_as_they_are(
    service: Service, scripted: ScriptedService, value: object
) -> None:
    scripted.script = [RECORDED]
    client = CaptureClient(service)
    assert client.workflow(LOG_ID, "w")(lambda: value)() is value
    client.close()

    assert outcomes(scripted) == [(True, None)]


async def test_tasks_that_share_a_block_of_the_synchronous_client_each_have_their_own_run(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = CaptureClient(service)
    block, other_has_entered = client.workflow(LOG_ID, "w"), asyncio.Event()

    async def fail() -> None:
        with block as run:
            await other_has_entered.wait()
            run.fail("x")

    async def succeed(first: asyncio.Task[None]) -> None:
        with block:
            other_has_entered.set()
            await first

    first = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await succeed(first)
    client.close()

    assert [success for success, _ in outcomes(scripted)] == [False, True]
