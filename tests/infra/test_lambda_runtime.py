"""The local Lambda around the real runtime client."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from infra.local.lambda_runtime import LambdaService, Outcome


async def call(service: LambdaService, **event: Any) -> Any:
    return json.loads((await invoke(service, **event)).payload)


async def invoke(service: LambdaService, **event: Any) -> Outcome:
    return await service.pools["echo"].invoke(json.dumps(event).encode())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_function_sees_its_event_its_context_and_its_own_settings_alone(
    service: LambdaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNERS_SECRET", "x")
    answer = await call(service, do="tell", greeting="héllo")
    assert answer["event"] == {"do": "tell", "greeting": "héllo"}
    assert 0 < answer["remaining_ms"] <= 1000
    assert answer["arn"].endswith(":function:echo")
    assert answer["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert answer["environment"]["COLOUR"] == "red"
    assert "OWNERS_SECRET" not in answer["environment"]


async def test_one_instance_serves_requests_that_come_one_after_the_other(
    service: LambdaService,
) -> None:
    pids = {(await call(service, do="tell"))["pid"] for _ in range(5)}
    assert len(pids) == 1


async def test_concurrent_requests_share_two_instances_and_the_rest_queues(
    service: LambdaService,
) -> None:
    requests = [call(service, do="sleep", seconds=0.1) for _ in range(6)]
    answers = await asyncio.gather(*requests)
    assert len({answer["pid"] for answer in answers}) == 2
    assert len({answer["request_id"] for answer in answers}) == 6


async def test_an_exception_is_a_failed_outcome_and_keeps_the_instance(
    service: LambdaService,
) -> None:
    before = (await call(service, do="tell"))["pid"]
    outcome = await invoke(service, do="raise")
    error = json.loads(outcome.payload)
    assert outcome.failed
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as asked")
    assert (await call(service, do="tell"))["pid"] == before


async def test_a_timeout_ends_the_instance_and_the_next_request_gets_a_new_one(
    service: LambdaService,
) -> None:
    before = (await call(service, do="tell"))["pid"]
    started = time.monotonic()
    outcome = await invoke(service, do="sleep", seconds=30)
    assert time.monotonic() - started < 2
    assert outcome.failed
    assert "timed out after 1.00 seconds" in json.loads(outcome.payload)["errorMessage"]
    after = (await call(service, do="tell"))["pid"]
    assert after != before
    assert not alive(before)


async def test_a_crash_fails_its_request_only(service: LambdaService) -> None:
    outcome = await invoke(service, do="crash")
    assert outcome.failed
    assert json.loads(outcome.payload)["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in json.loads(outcome.payload)["errorMessage"]
    assert (await call(service, do="tell"))["pid"]


async def test_an_instance_killed_while_idle_is_replaced(service: LambdaService) -> None:
    before = (await call(service, do="tell"))["pid"]
    os.kill(before, 9)
    await asyncio.sleep(0.2)
    assert (await call(service, do="tell"))["pid"] != before


async def test_a_function_that_cannot_be_loaded_fails_every_request_with_the_reason(
    service: LambdaService,
) -> None:
    outcomes = await asyncio.gather(*(service.pools["broken"].invoke(b"{}") for _ in range(3)))
    assert all(outcome.failed for outcome in outcomes)
    assert {json.loads(outcome.payload)["errorMessage"] for outcome in outcomes} == {"no such luck"}


async def test_warming_names_the_functions_that_cannot_start(service: LambdaService) -> None:
    failures = await service.warm()
    assert set(failures) == {"broken", "absent"}


async def test_redeploying_changes_settings_for_all_later_requests(service: LambdaService) -> None:
    warm = await asyncio.gather(*(call(service, do="sleep", seconds=0.1) for _ in range(2)))
    busy = asyncio.create_task(call(service, do="sleep", seconds=0.3))
    await asyncio.sleep(0.05)
    await service.redeploy("echo", {"COLOUR": "blue"})
    answers = await asyncio.gather(*(call(service, do="tell") for _ in range(4)))
    assert {answer["environment"]["COLOUR"] for answer in answers} == {"blue"}
    assert (await busy)["environment"]["COLOUR"] == "red"
    await asyncio.sleep(0.2)
    assert not any(alive(answer["pid"]) for answer in warm)


async def test_closing_ends_all_instances_also_busy_ones(service: LambdaService) -> None:
    pid = (await call(service, do="tell"))["pid"]
    busy = asyncio.create_task(invoke(service, do="sleep", seconds=30))
    await asyncio.sleep(0.05)
    await service.close()
    assert not alive(pid)
    assert (await busy).failed


async def test_a_result_over_the_limit_is_an_error_and_keeps_the_instance(
    service: LambdaService,
) -> None:
    before = (await call(service, do="tell"))["pid"]
    padding = "x" * 4_000_000
    outcome = await invoke(service, do="result", result=[padding, padding])
    assert json.loads(outcome.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    assert (await call(service, do="tell"))["pid"] == before


async def test_logs_go_to_the_functions_file_as_json_lines(
    service: LambdaService, tmp_path: Path
) -> None:
    await invoke(service, do="raise")
    lines = (tmp_path / "logs" / "echo.log").read_text().splitlines()
    assert json.loads(lines[-1])["errorType"] == "ValueError"
