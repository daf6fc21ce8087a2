"""The outcome of a workflow is always recorded, and its recording never affects the workflow."""

import asyncio
import logging
import threading
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any
from uuid import UUID

import pytest

from prompt_capture.client import AsyncCaptureClient, CaptureClient, NoResponse, Service

from .conftest import HALF_PATIENT, IMPATIENT, PATIENT, Connect
from .scripted_service import CLASSIFICATION, DROP, HANG, RECORDED, ScriptedService

LOG_ID = UUID(CLASSIFICATION["log_id"])


async def test_a_block_without_an_exception_is_a_success(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    classification = await client.classify("hello", user_id="u")
    async with client.workflow(classification, "greet"):
        pass
    assert scripted.bodies[1:] == [
        {"log_id": str(LOG_ID), "was_successful": True, "workflow_type": "greet"}
    ]
    assert scripted.requests[1].path == "/outcomes"
    assert scripted.requests[1].headers["x-api-key"] == "pc_key"


@pytest.mark.parametrize("mode", ["python", "json"])
async def test_the_answer_may_be_a_dict_as_in_the_queue_of_another_process(
    connect: Connect, scripted: ScriptedService, mode: str
) -> None:
    client = connect()
    answer = (await client.classify("hello", user_id="u")).model_dump(mode=mode)

    async with client.workflow(answer, "greet"):
        pass
    await client.record_outcome(answer, True, "greet")
    await client.correct(answer, "greeting", reviewer="grace")

    assert [body["log_id"] for body in scripted.bodies[1:]] == [str(LOG_ID)] * 3


async def test_a_dict_of_a_message_that_was_not_captured_is_skipped(
    connect: Connect, scripted: ScriptedService
) -> None:
    assert await connect().record_outcome({"log_id": None}, True, "greet") == "skipped"
    assert scripted.bodies == []


async def test_a_dict_that_is_no_answer_is_not_skipped(
    connect: Connect, scripted: ScriptedService
) -> None:
    await connect().record_outcome({"id": str(LOG_ID)}, True, "greet")

    assert scripted.bodies[0]["log_id"] == {"id": str(LOG_ID)}  # which the service refuses


async def test_an_exception_is_a_failure_with_its_text_and_is_raised_again(
    connect: Connect, scripted: ScriptedService
) -> None:
    with pytest.raises(ValueError, match="full"):
        async with connect().workflow(LOG_ID, "create_task"):
            raise ValueError("The list is full.\0")
    assert scripted.bodies[0]["was_successful"] is False
    assert scripted.bodies[0]["execution_error"] == "ValueError: The list is full."


@pytest.mark.parametrize("code", [0, None])
async def test_a_successful_exit_of_the_process_is_a_success(
    connect: Connect, scripted: ScriptedService, code: object
) -> None:
    with pytest.raises(SystemExit):
        async with connect().workflow(LOG_ID, "create_task"):
            raise SystemExit(code)
    assert scripted.bodies[0]["was_successful"] is True
    assert "execution_error" not in scripted.bodies[0]


async def test_an_explicit_failure_stays_one_when_the_process_exits(
    connect: Connect, scripted: ScriptedService
) -> None:
    async def fail_and_exit() -> None:
        async with connect().workflow(LOG_ID, "create_task") as run:
            run.fail("The list is full.")
            raise SystemExit(0)

    with pytest.raises(SystemExit):
        await fail_and_exit()
    assert scripted.bodies[0]["was_successful"] is False


async def test_a_workflow_can_report_a_failure(connect: Connect, scripted: ScriptedService) -> None:
    async with connect().workflow(LOG_ID, "create_task") as run:
        run.fail("The list is full." + "x" * 9_000)
    assert scripted.bodies[0]["was_successful"] is False
    assert len(scripted.bodies[0]["execution_error"]) == 8_000
    assert scripted.bodies[0]["execution_error"].endswith("x [shortened]")


async def test_a_message_without_a_log_id_has_no_outcome(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    async with client.workflow(None, "create_task"):
        pass
    assert await client.record_outcome(None, True, "create_task") == "skipped"
    assert scripted.requests == []


@pytest.mark.parametrize("raise_errors", [False, True])
async def test_the_workflows_own_exception_takes_precedence_over_a_service_that_hangs(
    connect: Connect, scripted: ScriptedService, raise_errors: bool
) -> None:
    scripted.script = [HANG]
    client = connect(timeouts=IMPATIENT, raise_errors=raise_errors)
    with pytest.raises(KeyError, match="calendar"):
        async with client.workflow(LOG_ID, "create_task"):
            raise KeyError("calendar")


@pytest.mark.parametrize("fault", [DROP, HANG])
async def test_the_outcome_of_a_block_that_met_an_untrusted_certificate_is_sent_again(
    connect: Connect, scripted: ScriptedService, fault: str
) -> None:
    """The certificate of another server than the service's."""
    scripted.script = [fault, RECORDED]
    with pytest.raises(SSLCertVerificationError):
        async with connect(timeouts=HALF_PATIENT).workflow(LOG_ID, "create_task"):
            raise SSLCertVerificationError
    assert len(scripted.requests) == 2


async def test_a_failed_recording_is_raised_only_on_request(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(500, {})]
    async with connect().workflow(LOG_ID, "create_task"):
        pass
    with pytest.raises(NoResponse):
        async with connect(raise_errors=True).workflow(LOG_ID, "create_task"):
            pass


async def test_the_answer_itself_identifies_its_message(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(200, CLASSIFICATION), RECORDED, RECORDED]
    client = connect()
    answer = await client.classify("hello", user_id="u")

    assert await client.record_outcome(answer, True, "greet") == "recorded"
    assert await client.correct(answer, "help", reviewer="grace") == "recorded"
    assert [body["log_id"] for body in scripted.bodies[1:]] == [str(LOG_ID)] * 2


async def test_the_status_of_an_outcome_or_a_correction_is_returned(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED, (202, {"status": "pending"}), (404, {}), RECORDED]
    client = connect()
    assert await client.record_outcome(LOG_ID, True, "greet") == "recorded"
    assert await client.record_outcome(LOG_ID, True, "greet") == "pending"
    assert await client.record_outcome(LOG_ID, True, "greet") == "failed"
    assert await client.correct(LOG_ID, "help", reviewer="grace", notes="n") == "recorded"
    assert scripted.requests[3].path == "/corrections"
    assert scripted.bodies[3] == {
        "log_id": str(LOG_ID),
        "corrected_intent": "help",
        "reviewer": "grace",
        "notes": "n",
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Sign in</html>"),
        (200, b""),
        (204, b""),
        (200, []),
        (200, {}),
        (200, {"log_id": "no id"}),
        (202, {}),
        (202, b"<html>Accepted</html>"),
        (202, {"status": "recorded"}),
    ],
)
async def test_only_the_services_own_answer_records_an_outcome_or_a_correction(
    connect: Connect,
    scripted: ScriptedService,
    status: int,
    body: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.script = [(status, body)]
    client = connect()
    assert await client.record_outcome(LOG_ID, True, "greet") == "failed"
    assert await client.correct(LOG_ID, "help", reviewer="grace") == "failed"
    assert [record.code for record in caplog.records] == ["invalid_response"] * 2  # type: ignore[attr-defined]


class BrokenHandler(logging.Handler):
    """A handler that raises an error, as an agent for logs may without a connection."""

    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("no connection")


async def test_a_failure_is_logged_where_the_callers_own_records_have_the_same_fields(
    connect: Connect, scripted: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    """Programs set the id of their own request on every record, as the cookbook of Python shows."""
    scripted.script = [(404, {"error": {"code": "prompt_log_not_found"}, "request_id": "r-1"})]
    create = logging.getLogRecordFactory()

    def create_with_id(*args: Any, **options: Any) -> logging.LogRecord:
        record = create(*args, **options)
        record.request_id = "of the program"
        return record

    logging.setLogRecordFactory(create_with_id)
    try:
        assert await connect().record_outcome(LOG_ID, True, "w") == "failed"
    finally:
        logging.setLogRecordFactory(create)
    assert "prompt_log_not_found" in caplog.text


async def test_a_handler_of_logs_that_raises_an_error_costs_nothing(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(400, {})]
    client, logger = connect(), logging.getLogger("prompt_capture.client")
    handler = BrokenHandler()
    logger.addHandler(handler)
    try:
        assert (await client.classify("hm", user_id="u")).error_code == "status_400"
        assert await client.record_outcome(LOG_ID, True, "t") == "failed"
    finally:
        logger.removeHandler(handler)


async def test_a_reviewers_token_replaces_the_api_key(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    await connect().correct(LOG_ID, "help", token="t")
    assert scripted.requests[0].headers["x-user-token"] == "t"
    assert "x-api-key" not in scripted.requests[0].headers


async def _cancel_during_workflow(client: AsyncCaptureClient, times: int) -> None:
    has_started = asyncio.Event()

    async def work() -> None:
        async with client.workflow(LOG_ID, "create_task"):
            has_started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await has_started.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancelled_workflow_counts_as_failed_however_often_it_is_cancelled(
    service: Service, scripted: ScriptedService, times: int
) -> None:
    scripted.script = [RECORDED]
    async with AsyncCaptureClient(service, timeouts=PATIENT) as client:
        await _cancel_during_workflow(client, times)
    (outcome,) = scripted.bodies
    assert (outcome["was_successful"], outcome["execution_error"]) == (False, "Cancelled.")


async def test_the_callers_own_timeout_raises_timeout_error(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    async with AsyncCaptureClient(service, timeouts=PATIENT) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), client.workflow(LOG_ID, "create_task"):
                await asyncio.sleep(60)
    assert scripted.bodies[0]["execution_error"] == "Cancelled."


def _unchangeable_errors() -> list[Exception]:
    @dataclass(frozen=True)
    class FrozenError(Exception):
        code: int

    class ClosedError(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            raise RuntimeError(name)

    class HidingError(Exception):
        @property
        def __traceback__(self) -> None:  # type: ignore[override]
            raise ValueError

    return [FrozenError(3), ClosedError(), HidingError()]


@pytest.mark.parametrize("error", _unchangeable_errors(), ids=lambda error: type(error).__name__)
async def test_an_exception_that_cannot_be_changed_is_raised_as_it_is(
    service: Service, scripted: ScriptedService, error: Exception
) -> None:
    scripted.script = [RECORDED]
    client, asynchronous = CaptureClient(service), AsyncCaptureClient(service)
    raised: list[Exception] = []
    try:
        with client.workflow(LOG_ID, "create_task"):
            raise error
    except Exception as same:  # noqa: BLE001 - any error may replace it
        raised.append(same)
    try:
        async with asynchronous.workflow(LOG_ID, "create_task"):
            raise error
    except Exception as same:  # noqa: BLE001
        raised.append(same)
    client.close()
    await asynchronous.aclose()

    assert raised == [error, error]
    assert [body["was_successful"] for body in scripted.bodies] == [False, False]


def test_a_block_of_the_synchronous_client_can_be_entered_again_and_decorate_a_function(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = CaptureClient(service)
    block = client.workflow(LOG_ID, "create_task")

    @block
    def nest(depth: int) -> None:
        if depth:
            nest(depth - 1)
            raise ValueError(depth)

    with block, block as inner:
        inner.fail("The list is empty.")
    with pytest.raises(ValueError, match="1"):
        nest(1)
    client.close()

    assert [body.get("execution_error") for body in scripted.bodies] == [
        "The list is empty.",
        None,
        None,
        "ValueError: 1",
    ]


def test_threads_that_share_a_block_each_have_their_own_run(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = CaptureClient(service)
    block = client.workflow(LOG_ID, "create_task")
    other_has_entered, other_may_end = threading.Event(), threading.Event()

    def succeed() -> None:
        with block:
            other_has_entered.set()
            other_may_end.wait(10)

    other = threading.Thread(target=succeed)
    with block as run:
        other.start()
        other_has_entered.wait(10)
        run.fail("The list is full.")
    other_may_end.set()
    other.join()
    client.close()

    assert [body["was_successful"] for body in scripted.bodies] == [False, True]


async def test_a_block_of_the_asynchronous_client_that_is_entered_again_is_another_run(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = AsyncCaptureClient(service, timeouts=PATIENT)
    block = client.workflow(LOG_ID, "create_task")
    with pytest.raises(ValueError, match="full"):
        async with block:
            raise ValueError("The list is full.")
    async with block, block as inner:
        inner.fail("The list is empty.")
    await client.aclose()

    assert [(body["was_successful"], body.get("execution_error")) for body in scripted.bodies] == [
        (False, "ValueError: The list is full."),
        (False, "The list is empty."),
        (True, None),
    ]


async def test_tasks_that_share_a_block_of_the_asynchronous_client_each_have_their_own_run(
    service: Service, scripted: ScriptedService
) -> None:
    scripted.script = [RECORDED]
    client = AsyncCaptureClient(service)
    block, other_has_entered = client.workflow(CLASSIFICATION["log_id"], "t"), asyncio.Event()

    async def fail() -> None:
        async with block as run:
            await other_has_entered.wait()
            run.fail("x")

    async def succeed(first: asyncio.Task[None]) -> None:
        async with block:
            other_has_entered.set()
            await first

    first = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await succeed(first)
    await client.aclose()

    assert [body["was_successful"] for body in scripted.bodies] == [False, True]
