"""A message that cannot be stored becomes a dead letter, and can be redriven later."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from infra.local import stack_env
from tests.end_to_end.conftest import DeployedStack
from tests.end_to_end.test_spool import drain, message
from tests.faults.load import count_queued
from tests.slow_rows import short_statements, slow_rows

COMMAND = str(Path(sys.executable).parent / "prompt-capture")
POISON = "a message that a constraint rejects"
MAX_RECEIVES = 3


@contextmanager
def rejecting_constraint(deployment: DeployedStack) -> Iterator[None]:
    """Add a constraint that rejects one message, and remove it at the end of the block."""
    with psycopg.connect(deployment.stack.postgres_admin_dsn, autocommit=True) as connection:
        change = b"alter table public.nlu_prompt_logs "
        added = f"add constraint by_mistake check (prompt <> '{POISON}')"
        connection.execute(change + added.encode())
        try:
            yield
        finally:
            connection.execute(change + b"drop constraint by_mistake")


@pytest.fixture
def few_receives(deployment: DeployedStack) -> Iterator[None]:
    """Make the queue give up on a message after few attempts; in a deployment it takes a day."""
    client, url = deployment.stack.sqs_client(), deployment.stack.spool_url
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    before = attributes["Attributes"]["RedrivePolicy"]
    few = json.dumps(json.loads(before) | {"maxReceiveCount": MAX_RECEIVES})
    client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": few})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": before})
    client.purge_queue(QueueUrl=deployment.stack.dead_letters_url)


def redrive(deployment: DeployedStack, *options: str) -> str:
    completed = subprocess.run(
        [COMMAND, "redrive", *options],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", **stack_env.variables(deployment.stack)},
    )
    return completed.stdout + completed.stderr


def wait_for_messages(deployment: DeployedStack, url: str, number: int) -> None:
    """Wait until a queue has so many messages."""
    client, deadline = deployment.stack.sqs_client(), time.monotonic() + 60
    while count_queued(client, url) != number:
        assert time.monotonic() < deadline, "The queue does not have the expected messages."
        time.sleep(0.1)


@pytest.mark.usefixtures("few_receives")
def test_a_poison_message_alone_becomes_a_dead_letter_and_is_redriven_once_it_can_be_stored(
    deployment: DeployedStack,
) -> None:
    stack, ada = deployment.stack, UUID(deployment.ada.id)
    bodies = [message(ada, "before"), message(ada, POISON), message(ada, "after")]
    with rejecting_constraint(deployment):
        for body in bodies:
            stack.sqs_client().send_message(QueueUrl=stack.spool_url, MessageBody=body)
        wait_for_messages(deployment, stack.dead_letters_url, 1)
        assert sorted(row["prompt"] for row in deployment.rows()) == ["after", "before"]

        shown = redrive(deployment)
        assert json.loads(shown)["dead_letters"] == 1
        assert json.loads(shown)["reasons"] == {"too_slow": 1}
        assert json.loads(shown)["sent"] == 0
        assert POISON not in shown

    assert json.loads(redrive(deployment, "--send"))["sent"] == 1
    deployment.wait_for_rows(3)
    assert str(deployment.rows()[-1]["id"]) == json.loads(bodies[1])["prompt"]["id"]
    wait_for_messages(deployment, stack.dead_letters_url, 0)


def test_messages_that_take_too_long_do_not_hold_up_the_others_of_their_batch(
    deployment: DeployedStack,
) -> None:
    ada = UUID(deployment.ada.id)
    slow = {str(number) for number in range(0, 30, 6)}
    bodies = [
        message(ada, f"slow message {number}" if str(number) in slow else f"innocent {number}")
        for number in range(30)
    ]

    with slow_rows(deployment.stack, "slow %"), short_statements(deployment.stack, "500ms"):
        again = drain(deployment, *bodies)

    assert set(again) == slow
    assert len(deployment.rows()) == 25
    assert drain(deployment, *(bodies[int(number)] for number in again)) == []
