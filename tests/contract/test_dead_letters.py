"""The contract of dead letters: all are read, and only the selected ones leave the queue."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from infra.lambda_emulator import ACCOUNT_ID, REGION
from infra.local.stack import Stack
from prompt_capture.adapters.aws.dead_letters import SqsDeadLetters
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.ports.drain import DeadLetters
from tests.fakes.spool import InMemoryDeadLetters

BODIES = sorted(f"dead letter {number}" for number in range(25))


@dataclass(frozen=True)
class Queue:
    """A queue with twenty-five dead letters, and the bodies of redriven ones."""

    dead_letters: DeadLetters
    redriven: Callable[[], list[str]]


@pytest.fixture(params=["memory", "sqs"])
def queue(request: pytest.FixtureRequest) -> Iterator[Queue]:
    if request.param == "memory":
        in_memory = InMemoryDeadLetters(BODIES)
        yield Queue(in_memory, lambda: in_memory.redriven)
        return
    stack: Stack = request.getfixturevalue("stack")
    client, name = stack.sqs_client(), f"test-{uuid4()}"
    dead_letter_url = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}-dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    spool_url = client.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})[
        "QueueUrl"
    ]
    for body in BODIES:
        client.send_message(QueueUrl=dead_letter_url, MessageBody=body)

    def redriven() -> list[str]:
        received = []
        while messages := client.receive_message(QueueUrl=spool_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            received += [message["Body"] for message in messages]
        return received

    yield Queue(SqsDeadLetters(client, spool_url), redriven)


def read_bodies(dead_letters: DeadLetters) -> list[str]:
    read = dead_letters.read()
    dead_letters.release(read)
    return sorted(dead_letter.body for dead_letter in read)


def test_released_dead_letters_can_be_read_again(queue: Queue) -> None:
    assert read_bodies(queue.dead_letters) == BODIES
    assert read_bodies(queue.dead_letters) == BODIES


def test_redriven_messages_are_no_dead_letters_any_more(queue: Queue) -> None:
    read = queue.dead_letters.read()
    selected = [one for one in read if one.body in BODIES[:12]]

    queue.dead_letters.redrive(selected)
    queue.dead_letters.release([one for one in read if one not in selected])

    assert sorted(queue.redriven()) == BODIES[:12]
    assert read_bodies(queue.dead_letters) == BODIES[12:]


def test_deleted_dead_letters_are_not_read_again(queue: Queue) -> None:
    read = queue.dead_letters.read()

    queue.dead_letters.delete(read[:20])
    queue.dead_letters.release(read[20:])

    assert len(read_bodies(queue.dead_letters)) == 5


def test_a_queue_without_a_redrive_policy_and_a_missing_queue_raise_errors(stack: Stack) -> None:
    client = stack.sqs_client()
    url = client.create_queue(QueueName=f"test-{uuid4()}")["QueueUrl"]

    with pytest.raises(SpoolUnavailable, match="no dead-letter queue"):
        SqsDeadLetters(client, url).read()
    with pytest.raises(SpoolUnavailable, match="cannot be used"):
        SqsDeadLetters(client, f"{url}-missing").read()
