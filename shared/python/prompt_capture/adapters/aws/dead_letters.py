"""The spool's dead letters, in the queue of its redrive policy."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH_SIZE = 10
_VISIBILITY_TIMEOUT_SECONDS = 300


class SqsDeadLetters:
    """Reads all dead letters, which hides them from other readers.

    They are visible again after five minutes, or once they are released.
    """

    def __init__(self, client: "SQSClient", spool_url: str) -> None:
        self._client, self._spool_url = client, spool_url
        self._url = ""

    def read(self) -> list[DeadLetter]:
        by_message_id: dict[str, DeadLetter] = {}
        with _translate_errors():
            self._url = self._url or self._find_url()
            while messages := self._receive():
                by_message_id |= {
                    message["MessageId"]: _dead_letter(message) for message in messages
                }
        return list(by_message_id.values())

    def release(self, dead_letters: Sequence[DeadLetter]) -> None:
        with _translate_errors():
            for batch in _batches(dead_letters):
                visible = [entry | {"VisibilityTimeout": 0} for entry in batch]
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=visible)  # type: ignore[arg-type]

    def redrive(self, dead_letters: Sequence[DeadLetter]) -> None:
        for dead_letter in dead_letters:
            with _translate_errors():
                self._client.send_message(QueueUrl=self._spool_url, MessageBody=dead_letter.body)
            self.delete([dead_letter])

    def delete(self, dead_letters: Sequence[DeadLetter]) -> None:
        with _translate_errors():
            for batch in _batches(dead_letters):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=batch)  # type: ignore[arg-type]

    def _find_url(self) -> str:
        attributes = self._client.get_queue_attributes(
            QueueUrl=self._spool_url, AttributeNames=["RedrivePolicy"]
        ).get("Attributes", {})
        if "RedrivePolicy" not in attributes:
            raise SpoolUnavailable("The queue of SPOOL_QUEUE_URL has no dead-letter queue.")
        arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
        return self._client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]

    def _receive(self) -> Sequence[Any]:
        return self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH_SIZE,
            VisibilityTimeout=_VISIBILITY_TIMEOUT_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])


def _dead_letter(message: Any) -> DeadLetter:
    sent_at = int(message["Attributes"]["SentTimestamp"]) / 1000
    return DeadLetter(
        handle=message["ReceiptHandle"],
        sent_at=datetime.fromtimestamp(sent_at, UTC),
        body=message["Body"],
    )


def _batches(dead_letters: Sequence[DeadLetter]) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries of batch requests, at most ten a request."""
    for start in range(0, len(dead_letters), _BATCH_SIZE):
        batch = dead_letters[start : start + _BATCH_SIZE]
        yield [{"Id": str(n), "ReceiptHandle": one.handle} for n, one in enumerate(batch)]


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise SpoolUnavailable(f"The queue cannot be used ({type(error).__name__}).") from None
