"""The AWS SDK works with the local Invoke API."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.lambda_emulator import LambdaService


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
async def test_a_function_can_be_invoked_by_name_qualifier_or_arn(client: Any, name: str) -> None:
    response = await invoke(client, FunctionName=name, Payload=b'{"action": "plain"}')
    assert response["StatusCode"] == 200
    assert response["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in response
    assert json.load(response["Payload"]) == {"plain": True}


async def test_a_failed_invocation_has_a_function_error_and_its_description(client: Any) -> None:
    response = await invoke(client, FunctionName="echo", Payload=b'{"action": "raise"}')
    assert response["FunctionError"] == "Unhandled"
    assert json.load(response["Payload"])["errorType"] == "ValueError"


async def test_an_asynchronous_invocation_is_accepted_before_it_runs(
    client: Any, service: LambdaService, tmp_path: Path
) -> None:
    payload = b'{"action": "raise"}'
    response = await invoke(client, FunctionName="echo", InvocationType="Event", Payload=payload)
    assert response["StatusCode"] == 202
    log = tmp_path / "logs" / "echo.log"
    for _ in range(100):
        await asyncio.sleep(0.05)
        if log.is_file() and "requested error" in log.read_text():
            return
    pytest.fail("The asynchronous invocation did not run within five seconds.")


async def test_a_dry_run_does_not_invoke_the_function(client: Any) -> None:
    response = await invoke(client, FunctionName="echo", InvocationType="DryRun")
    assert response["StatusCode"] == 204


async def test_an_invocation_can_have_a_client_context(client: Any) -> None:
    context = base64.b64encode(b'{"custom": {"a": "1"}}').decode()
    response = await invoke(
        client, FunctionName="echo", Payload=b'{"action": "x"}', ClientContext=context
    )
    assert "FunctionError" not in response


async def test_an_unknown_function_is_not_found(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        await invoke(client, FunctionName="unknown", Payload=b"{}")


async def test_a_payload_that_is_not_json_is_rejected(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        await invoke(client, FunctionName="echo", Payload=b"{")
