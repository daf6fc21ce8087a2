"""The local queue, which is moto's with a few things mended, is still a queue."""

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
    made = SqsServer(Path(tmp_path_factory.mktemp("sqs")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def queue(server: SqsServer) -> str:
    attributes: Any = {"VisibilityTimeout": "60"}
    made = server.client().create_queue(QueueName=f"test-{uuid4()}", Attributes=attributes)
    return made["QueueUrl"]


def counts(server: SqsServer, queue: str) -> tuple[int, int]:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = server.client().get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return int(told[names[0]]), int(told[names[1]])


def test_what_was_received_is_hidden_until_its_time_or_gone(server: SqsServer, queue: str) -> None:
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


def test_what_is_put_while_others_are_deleted_is_not_forgotten(
    server: SqsServer, queue: str
) -> None:
    def put(number: int) -> None:
        server.client().send_message(QueueUrl=queue, MessageBody=str(number))

    def take(_: int) -> int:
        client = server.client()
        received = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        entries: Any = [
            {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
            for message in received.get("Messages", [])
        ]
        if entries:
            client.delete_message_batch(QueueUrl=queue, Entries=entries)
        return len(entries)

    with ThreadPoolExecutor(8) as pool:
        puts = [pool.submit(put, number) for number in range(300)]
        takes = [pool.submit(take, number) for number in range(60)]
        for each in puts:
            each.result()
        taken = sum(each.result() for each in takes)

    assert counts(server, queue) == (300 - taken, 0)
