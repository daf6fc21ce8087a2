"""A message that cannot be written ends as a dead letter, alone, and is sent again when it can."""

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
from tests.end_to_end.conftest import Deployment
from tests.end_to_end.test_spool import message
from tests.faults.load import count_queued

COMMAND = str(Path(sys.executable).parent / "prompt-capture")
POISON = "what no constraint of today lets in"
MAX_RECEIVES = 3


@contextmanager
def refused(deployment: Deployment) -> Iterator[None]:
    """A constraint that somebody added by mistake, until they take it back."""
    with psycopg.connect(deployment.stack.postgres_admin_dsn, autocommit=True) as connection:
        change = b"alter table public.nlu_prompt_logs "
        added = f"add constraint by_mistake check (prompt <> '{POISON}')"
        connection.execute(change + added.encode())
        try:
            yield
        finally:
            connection.execute(change + b"drop constraint by_mistake")


@pytest.fixture
def impatient(deployment: Deployment) -> Iterator[None]:
    """Have the queue give a message up soon; a deployment's takes a day."""
    client, url = deployment.stack.sqs_client(), deployment.stack.spool_url
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    before = told["Attributes"]["RedrivePolicy"]
    soon = json.dumps(json.loads(before) | {"maxReceiveCount": MAX_RECEIVES})
    client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": soon})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": before})
    client.purge_queue(QueueUrl=deployment.stack.dead_letters_url)


def redrive(deployment: Deployment, *options: str) -> str:
    done = subprocess.run(
        [COMMAND, "redrive", *options],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", **stack_env.variables(deployment.stack)},
    )
    return done.stdout + done.stderr


def until(deployment: Deployment, url: str, number: int) -> None:
    """Wait until a queue holds so many messages."""
    client, gives_up = deployment.stack.sqs_client(), time.monotonic() + 60
    while count_queued(client, url) != number:
        assert time.monotonic() < gives_up, "The messages are not where they should be."
        time.sleep(0.1)


@pytest.mark.usefixtures("impatient")
def test_a_poison_message_is_given_up_alone_shown_without_its_text_and_sent_again_when_mended(
    deployment: Deployment,
) -> None:
    stack, ada = deployment.stack, UUID(deployment.ada.id)
    bodies = [message(ada, "before"), message(ada, POISON), message(ada, "after")]
    with refused(deployment):
        for body in bodies:
            stack.sqs_client().send_message(QueueUrl=stack.spool_url, MessageBody=body)
        until(deployment, stack.dead_letters_url, 1)
        assert sorted(row["prompt"] for row in deployment.rows()) == ["after", "before"]

        shown = redrive(deployment)
        assert json.loads(shown)["dead_letters"] == 1
        assert json.loads(shown)["reasons"] == {"too_slow": 1}
        assert json.loads(shown)["sent"] == 0
        assert POISON not in shown

    assert json.loads(redrive(deployment, "--send"))["sent"] == 1
    deployment.drained(3)
    assert str(deployment.rows()[-1]["id"]) == json.loads(bodies[1])["prompt"]["id"]
    until(deployment, stack.dead_letters_url, 0)
