"""The patched moto server still behaves like SQS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from infra.local.sqs import SqsServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqsServer]:
    sqs = SqsServer(Path(tmp_path_factory.mktemp("sqs")))
    sqs.start()
    yield sqs
    sqs.stop()


@pytest.fixture
def queue(server: SqsServer) -> str:
    attributes: Any = {"VisibilityTimeout": "60"}
    created = server.client().create_queue(QueueName=f"test-{uuid4()}", Attributes=attributes)
    return created["QueueUrl"]


def counts(server: SqsServer, queue: str) -> tuple[int, int]:
    """Return the numbers of visible messages and of messages in flight."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    response = server.client().get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    visible, in_flight = (int(response["Attributes"][name]) for name in names)
    return visible, in_flight


def test_a_received_message_is_in_flight_until_it_is_deleted_or_becomes_visible(
    server: SqsServer, queue: str
) -> None:
    client = server.client()
    for text in ("one", "two", "three"):
        client.send_message(QueueUrl=queue, MessageBody=text)

    received = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)["Messages"]
    assert counts(server, queue) == (1, 2)
    for message in received:
        client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert counts(server, queue) == (1, 0)

    (last,) = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert {last["Body"], *(message["Body"] for message in received)} == {"one", "two", "three"}
    handle = last["ReceiptHandle"]
    client.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert counts(server, queue) == (1, 0)
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        client.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")


def test_messages_that_arrive_during_deletions_are_not_lost(server: SqsServer, queue: str) -> None:
    def send(number: int) -> None:
        server.client().send_message(QueueUrl=queue, MessageBody=str(number))

    def receive_and_delete(_: int) -> set[str]:
        client = server.client()
        received = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        entries: Any = [
            {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
            for message in received.get("Messages", [])
        ]
        if entries:
            client.delete_message_batch(QueueUrl=queue, Entries=entries)
        return {entry["Id"] for entry in entries}

    with ThreadPoolExecutor(8) as pool:
        sends = [pool.submit(send, number) for number in range(300)]
        receives = [pool.submit(receive_and_delete, number) for number in range(60)]
        for future in sends:
            future.result()
        # A standard queue may deliver a message to two receivers.
        deleted = set[str]().union(*(future.result() for future in receives))

    assert counts(server, queue) == (300 - len(deleted), 0)
