"""AWS's own client against the local Invoke API."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.local.lambda_runtime import LambdaService


@pytest.fixture
def client(service: LambdaService) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=service.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


async def invoke(client: Any, **arguments: Any) -> Any:
    return await asyncio.to_thread(lambda: client.invoke(**arguments))


@pytest.mark.parametrize(
    "name",
    ["echo", "echo:$LATEST", "arn:aws:lambda:eu-west-1:123456789012:function:echo"],
)
async def test_a_function_is_invoked_by_name_qualifier_or_arn(client: Any, name: str) -> None:
    answer = await invoke(client, FunctionName=name, Payload=b'{"do": "plain"}')
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"]) == {"plain": True}


async def test_a_failure_is_marked_and_described(client: Any) -> None:
    answer = await invoke(client, FunctionName="echo", Payload=b'{"do": "raise"}')
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "ValueError"


async def test_an_event_is_accepted_before_it_is_done(
    client: Any, service: LambdaService, tmp_path: Path
) -> None:
    payload = b'{"do": "raise"}'
    answer = await invoke(client, FunctionName="echo", InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
    log = tmp_path / "logs" / "echo.log"
    for _ in range(100):
        await asyncio.sleep(0.05)
        if log.is_file() and "as asked" in log.read_text():
            return
    pytest.fail("The event never ran.")


async def test_a_dry_run_runs_nothing(client: Any) -> None:
    answer = await invoke(client, FunctionName="echo", InvocationType="DryRun")
    assert answer["StatusCode"] == 204


async def test_the_client_context_reaches_the_function(client: Any) -> None:
    context = base64.b64encode(b'{"custom": {"a": "1"}}').decode()
    answer = await invoke(
        client, FunctionName="echo", Payload=b'{"do": "x"}', ClientContext=context
    )
    assert "FunctionError" not in answer


async def test_an_unknown_function_is_not_found(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        await invoke(client, FunctionName="nobody", Payload=b"{}")


async def test_a_payload_that_is_not_json_is_refused(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        await invoke(client, FunctionName="echo", Payload=b"{")
