"""A spooled message is stored once, regardless of how often and how concurrently it is drained."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local import stack_env
from infra.local.faults import Fault
from infra.local.functions import DRAIN
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient, Classification

from .load import MessageLoad, read_rows, wait_until_drained

DOWN = Fault("refuse")


def _spool_messages(stack: Stack, load: MessageLoad) -> tuple[list[Classification], list[str]]:
    """Spool messages while the store is down; return the responses and the queue's bodies."""
    responses = asyncio.run(_send_messages(stack, load))
    assert all(response.captured == "spooled" for response in responses[3:])
    bodies: dict[str, str] = {}
    client = stack.sqs_client()
    while len(bodies) < len(responses):
        batch = client.receive_message(
            QueueUrl=stack.spool_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        bodies |= {message["MessageId"]: message["Body"] for message in batch.get("Messages", [])}
    return responses, list(bodies.values())


async def _send_messages(stack: Stack, load: MessageLoad) -> list[Classification]:
    async with AsyncCaptureClient.from_env(stack_env.variables(stack)) as client:
        return [
            await client.classify(message, user_id=load.user_id) for message in load.messages[:12]
        ]


def _stored_ids(stack: Stack, load: MessageLoad) -> list[str]:
    return sorted(log_id for log_id, _, _ in read_rows(stack, load.user_id))


def _response_ids(responses: list[Classification]) -> list[str]:
    return sorted(str(response.log_id) for response in responses)


def test_messages_that_are_delivered_several_times_are_stored_once(
    load: MessageLoad, fault_stack: Stack
) -> None:
    with fault_stack.faults.inject("store", DOWN):
        responses, bodies = _spool_messages(fault_stack, load)
    client = fault_stack.sqs_client()
    for _ in range(3):
        for body in bodies:
            client.send_message(QueueUrl=fault_stack.spool_url, MessageBody=body)
        wait_until_drained(fault_stack)
    assert _stored_ids(fault_stack, load) == _response_ids(responses)


def test_concurrent_drains_store_each_message_once(load: MessageLoad, fault_stack: Stack) -> None:
    with fault_stack.faults.inject("store", DOWN):
        responses, bodies = _spool_messages(fault_stack, load)
    records = [{"messageId": str(index), "body": body} for index, body in enumerate(bodies)]
    event = json.dumps({"Records": records}).encode()

    def drain(_: int) -> Any:
        response = fault_stack.lambda_client().invoke(FunctionName=DRAIN, Payload=event)
        return json.loads(response["Payload"].read())

    with ThreadPoolExecutor(2) as executor:
        reports = list(executor.map(drain, range(6)))
    assert reports == [{"batchItemFailures": []}] * 6
    wait_until_drained(fault_stack)
    assert _stored_ids(fault_stack, load) == _response_ids(responses)
