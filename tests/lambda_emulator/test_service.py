"""The local Lambda service runs functions with the real runtime client."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from infra.lambda_emulator import InvocationResult, LambdaService


async def call(service: LambdaService, **event: Any) -> Any:
    return json.loads((await invoke(service, **event)).payload)


async def invoke(service: LambdaService, **event: Any) -> InvocationResult:
    return await service.pools["echo"].invoke(json.dumps(event).encode())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_function_receives_its_event_its_context_and_only_its_own_environment(
    service: LambdaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARENT_SECRET", "x")
    response = await call(service, action="describe", greeting="héllo")
    assert response["event"] == {"action": "describe", "greeting": "héllo"}
    assert 0 < response["remaining_ms"] <= 1000
    assert response["arn"].endswith(":function:echo")
    assert response["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert response["environment"]["COLOUR"] == "red"
    assert "PARENT_SECRET" not in response["environment"]


async def test_sequential_requests_use_one_instance(
    service: LambdaService,
) -> None:
    pids = {(await call(service, action="describe"))["pid"] for _ in range(5)}
    assert len(pids) == 1


async def test_concurrent_requests_use_two_instances_and_further_requests_wait(
    service: LambdaService,
) -> None:
    requests = [call(service, action="sleep", seconds=0.1) for _ in range(6)]
    responses = await asyncio.gather(*requests)
    assert len({response["pid"] for response in responses}) == 2
    assert len({response["request_id"] for response in responses}) == 6


async def test_an_exception_fails_its_request_and_keeps_the_instance(
    service: LambdaService,
) -> None:
    before = (await call(service, action="describe"))["pid"]
    result = await invoke(service, action="raise")
    error = json.loads(result.payload)
    assert result.failed
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "requested error")
    assert (await call(service, action="describe"))["pid"] == before


async def test_a_timeout_ends_the_instance_and_the_next_request_starts_a_new_one(
    service: LambdaService,
) -> None:
    before = (await call(service, action="describe"))["pid"]
    started = time.monotonic()
    result = await invoke(service, action="sleep", seconds=30)
    assert time.monotonic() - started < 15
    assert result.failed
    assert "timed out after 1.00 seconds" in json.loads(result.payload)["errorMessage"]
    after = (await call(service, action="describe"))["pid"]
    assert after != before
    assert not is_alive(before)


async def test_a_crash_fails_only_its_own_request(service: LambdaService) -> None:
    result = await invoke(service, action="crash")
    assert result.failed
    assert json.loads(result.payload)["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in json.loads(result.payload)["errorMessage"]
    assert (await call(service, action="describe"))["pid"]


async def test_an_instance_killed_while_idle_is_replaced(service: LambdaService) -> None:
    before = (await call(service, action="describe"))["pid"]
    os.kill(before, 9)
    await asyncio.sleep(0.2)
    assert (await call(service, action="describe"))["pid"] != before


async def test_a_function_that_fails_to_load_fails_every_request_with_the_reason(
    service: LambdaService,
) -> None:
    results = await asyncio.gather(*(service.pools["broken"].invoke(b"{}") for _ in range(3)))
    assert all(result.failed for result in results)
    assert {json.loads(result.payload)["errorMessage"] for result in results} == {"import failed"}


async def test_warm_returns_the_functions_that_fail_to_start(service: LambdaService) -> None:
    failures = await service.warm()
    assert set(failures) == {"broken", "absent"}


async def test_a_redeploy_changes_the_environment_of_all_later_requests(
    service: LambdaService,
) -> None:
    warm = await asyncio.gather(*(call(service, action="sleep", seconds=0.1) for _ in range(2)))
    busy = asyncio.create_task(call(service, action="sleep", seconds=0.3))
    await asyncio.sleep(0.05)
    await service.redeploy("echo", {"COLOUR": "blue"})
    responses = await asyncio.gather(*(call(service, action="describe") for _ in range(4)))
    assert {response["environment"]["COLOUR"] for response in responses} == {"blue"}
    assert (await busy)["environment"]["COLOUR"] == "red"
    await asyncio.sleep(0.2)
    assert not any(is_alive(response["pid"]) for response in warm)


async def test_close_ends_idle_and_busy_instances(service: LambdaService) -> None:
    pid = (await call(service, action="describe"))["pid"]
    busy = asyncio.create_task(invoke(service, action="sleep", seconds=30))
    await asyncio.sleep(0.05)
    await service.close()
    assert not is_alive(pid)
    assert (await busy).failed


async def test_a_result_over_the_size_limit_fails_its_request_and_keeps_the_instance(
    service: LambdaService,
) -> None:
    before = (await call(service, action="describe"))["pid"]
    padding = "x" * 4_000_000
    result = await invoke(service, action="result", result=[padding, padding])
    assert json.loads(result.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    assert (await call(service, action="describe"))["pid"] == before


async def test_a_function_logs_json_lines_to_its_log_file(
    service: LambdaService, tmp_path: Path
) -> None:
    await invoke(service, action="raise")
    lines = (tmp_path / "logs" / "echo.log").read_text().splitlines()
    assert json.loads(lines[-1])["errorType"] == "ValueError"
