"""What all dead letters promise: they are read whole, and only what is told to go goes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from infra.local.sqs import ACCOUNT_ID, REGION
from infra.local.stack import Stack
from prompt_capture.adapters.memory_spool import InMemoryDeadLetters
from prompt_capture.adapters.sqs_dead_letters import SqsDeadLetters
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.ports import DeadLetters

BODIES = sorted(f"letter {number}" for number in range(25))


@dataclass(frozen=True)
class Letters:
    """Twenty-five dead letters, and what was sent again."""

    letters: DeadLetters
    sent_again: Callable[[], list[str]]


@pytest.fixture(params=["memory", "sqs"])
def letters(request: pytest.FixtureRequest) -> Iterator[Letters]:
    if request.param == "memory":
        made = InMemoryDeadLetters(BODIES)
        yield Letters(made, lambda: made.redriven)
        return
    stack: Stack = request.getfixturevalue("stack")
    client, name = stack.sqs_client(), f"test-{uuid4()}"
    dead = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}-dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    spool = client.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for body in BODIES:
        client.send_message(QueueUrl=dead, MessageBody=body)

    def sent_again() -> list[str]:
        found = []
        while messages := client.receive_message(QueueUrl=spool, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [message["Body"] for message in messages]
        return found

    yield Letters(SqsDeadLetters(client, spool), sent_again)


def bodies(letters: DeadLetters) -> list[str]:
    read = letters.read()
    letters.release(read)
    return sorted(letter.body for letter in read)


def test_all_are_read_and_can_be_read_again_when_they_are_put_back(letters: Letters) -> None:
    assert bodies(letters.letters) == BODIES
    assert bodies(letters.letters) == BODIES


def test_what_is_sent_again_is_dead_no_more(letters: Letters) -> None:
    read = letters.letters.read()
    again = [letter for letter in read if letter.body in BODIES[:12]]

    letters.letters.redrive(again)
    letters.letters.release([letter for letter in read if letter not in again])

    assert sorted(letters.sent_again()) == BODIES[:12]
    assert bodies(letters.letters) == BODIES[12:]


def test_what_is_deleted_is_gone(letters: Letters) -> None:
    read = letters.letters.read()

    letters.letters.delete(read[:20])
    letters.letters.release(read[20:])

    assert len(bodies(letters.letters)) == 5


def test_a_queue_without_dead_letters_says_so(stack: Stack) -> None:
    client = stack.sqs_client()
    url = client.create_queue(QueueName=f"test-{uuid4()}")["QueueUrl"]

    with pytest.raises(SpoolUnavailable, match="no dead letters"):
        SqsDeadLetters(client, url).read()
    with pytest.raises(SpoolUnavailable, match="cannot be used"):
        SqsDeadLetters(client, f"{url}-none").read()
