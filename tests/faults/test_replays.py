"""What is in the spool is stored once, however often and by however many it is taken out."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local import variables
from infra.local.faults import Fault
from infra.local.functions import DRAIN
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient, Classification

from .load import Load, read_rows, wait_until_drained

DOWN = Fault("refuse")


def _spooled(stack: Stack, load: Load) -> tuple[list[Classification], list[str]]:
    """Spool a few messages while the store is down; answers and the queue's bodies."""
    sent = asyncio.run(_send(stack, load))
    assert all(answer.captured == "spooled" for answer in sent[3:])
    bodies: dict[str, str] = {}
    client = stack.sqs_client()
    while len(bodies) < len(sent):
        told = client.receive_message(
            QueueUrl=stack.spool_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        bodies |= {message["MessageId"]: message["Body"] for message in told.get("Messages", [])}
    return sent, list(bodies.values())


async def _send(stack: Stack, load: Load) -> list[Classification]:
    async with AsyncCaptureClient.from_env(variables.of(stack)) as client:
        return [
            await client.classify(message, user_id=load.user_id) for message in load.messages[:12]
        ]


def _rows(stack: Stack, load: Load) -> list[str]:
    return sorted(log_id for log_id, _, _ in read_rows(stack, load.user_id))


def _ids(sent: list[Classification]) -> list[str]:
    return sorted(str(answer.log_id) for answer in sent)


def test_the_same_spool_replayed_three_times_is_stored_once(
    load: Load, stack_at_fault: Stack
) -> None:
    with stack_at_fault.faults.inject("store", DOWN):
        sent, bodies = _spooled(stack_at_fault, load)
    client = stack_at_fault.sqs_client()
    for _ in range(3):
        for body in bodies:
            client.send_message(QueueUrl=stack_at_fault.spool_url, MessageBody=body)
        wait_until_drained(stack_at_fault)
    assert _rows(stack_at_fault, load) == _ids(sent)


def test_two_drains_at_once_store_each_message_once(load: Load, stack_at_fault: Stack) -> None:
    with stack_at_fault.faults.inject("store", DOWN):
        sent, bodies = _spooled(stack_at_fault, load)
    records = [{"messageId": str(place), "body": body} for place, body in enumerate(bodies)]
    event = json.dumps({"Records": records}).encode()

    def drain(_: int) -> Any:
        answer = stack_at_fault.lambda_client().invoke(FunctionName=DRAIN, Payload=event)
        return json.loads(answer["Payload"].read())

    with ThreadPoolExecutor(2) as drains:
        reports = list(drains.map(drain, range(6)))
    assert reports == [{"batchItemFailures": []}] * 6
    wait_until_drained(stack_at_fault)
    assert _rows(stack_at_fault, load) == _ids(sent)
