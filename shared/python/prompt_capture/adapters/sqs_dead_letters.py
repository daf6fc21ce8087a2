"""The dead letters of the spool, in the queue that its redrive policy names."""

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

_AT_ONCE = 10
_HIDDEN_SECONDS = 300


class SqsDeadLetters:
    """Reads them all, which hides them from others for some minutes or until they are put back."""

    def __init__(self, client: "SQSClient", spool_url: str) -> None:
        self._client, self._spool_url = client, spool_url
        self._url = ""

    def read(self) -> list[DeadLetter]:
        found: dict[str, DeadLetter] = {}
        with _in_our_terms():
            self._url = self._url or self._address()
            while messages := self._receive():
                found |= {message["MessageId"]: _letter(message) for message in messages}
        return list(found.values())

    def put_back(self, letters: Sequence[DeadLetter]) -> None:
        with _in_our_terms():
            for entries in _entries(letters):
                shown = [entry | {"VisibilityTimeout": 0} for entry in entries]
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=shown)  # type: ignore[arg-type]

    def send_again(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            with _in_our_terms():
                self._client.send_message(QueueUrl=self._spool_url, MessageBody=letter.body)
            self.delete([letter])

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        with _in_our_terms():
            for entries in _entries(letters):
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]

    def _address(self) -> str:
        attributes = self._client.get_queue_attributes(
            QueueUrl=self._spool_url, AttributeNames=["RedrivePolicy"]
        ).get("Attributes", {})
        if "RedrivePolicy" not in attributes:
            raise SpoolUnavailable("The queue of SPOOL_QUEUE_URL has no dead letters.")
        arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
        return self._client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]

    def _receive(self) -> Sequence[Any]:
        return self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])


def _letter(message: Any) -> DeadLetter:
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    return DeadLetter(
        handle=message["ReceiptHandle"],
        sent_at=datetime.fromtimestamp(sent, UTC),
        body=message["Body"],
    )


def _entries(letters: Sequence[DeadLetter]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(letters), _AT_ONCE):
        part = letters[start : start + _AT_ONCE]
        yield [{"Id": str(n), "ReceiptHandle": letter.handle} for n, letter in enumerate(part)]


@contextmanager
def _in_our_terms() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise SpoolUnavailable(f"The queue cannot be used ({type(error).__name__}).") from None
