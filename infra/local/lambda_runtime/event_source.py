"""An SQS queue as the event source of a function, polled as Lambda's own pollers do it."""

import asyncio
import json
from typing import Any

import httpx

from infra.local.lambda_runtime.pool import Pool
from infra.local.lambda_runtime.values import ACCOUNT, REGION, Outcome

_RECEIVED_AT_ONCE = 10
_WAIT_SECONDS = 1
_PAUSE_SECONDS = 0.2
_AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/sqs/aws4_request, "
    "SignedHeaders=host, Signature=local"
)

Message = dict[str, Any]


class EventSource:
    """Invokes with batches; what the function reports as failed stays in the queue.

    So does the whole batch when the function fails, until the queue shows it again.
    """

    def __init__(self, pool: Pool, queue_url: str, batch_size: int = 100) -> None:
        self._pool, self._queue_url, self._batch_size = pool, queue_url, batch_size
        self._endpoint, _, self._queue = queue_url.rsplit("/", 2)
        self._client = httpx.AsyncClient(timeout=30)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._task = asyncio.create_task(self._poll())

    async def close(self) -> None:
        """Stop polling; a batch that is being worked on comes again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._client.aclose()

    async def _poll(self) -> None:
        while True:
            try:
                if messages := await self._receive():
                    await self._invoke(messages)
            except httpx.HTTPError:
                await asyncio.sleep(_PAUSE_SECONDS)  # the queue is away

    async def _receive(self) -> list[Message]:
        """Collect a batch: as much as there is, up to its size."""
        messages: list[Message] = []
        while len(messages) < self._batch_size:
            answer = await self._call(
                "ReceiveMessage",
                MaxNumberOfMessages=min(_RECEIVED_AT_ONCE, self._batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else _WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
            )
            received = answer.get("Messages", [])
            messages += received
            if not received:
                break
        return messages

    async def _invoke(self, messages: list[Message]) -> None:
        event = {"Records": [self._record(message) for message in messages]}
        outcome = await self._pool.invoke(json.dumps(event).encode())
        failed = _failed(outcome, messages)
        done = [message for message in messages if message["MessageId"] not in failed]
        for start in range(0, len(done), _RECEIVED_AT_ONCE):
            entries = [
                {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
                for message in done[start : start + _RECEIVED_AT_ONCE]
            ]
            await self._call("DeleteMessageBatch", Entries=entries)

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self._queue}",
            "awsRegion": REGION,
        }

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        answer = await self._client.post(
            self._endpoint,
            json={"QueueUrl": self._queue_url, **parameters},
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AmazonSQS.{action}",
                "Authorization": _AUTHORIZATION,
            },
        )
        answer.raise_for_status()
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content


def _failed(outcome: Outcome, messages: list[Message]) -> set[str]:
    """Name the messages to keep: as on Lambda, all of them when the report makes no sense."""
    everything = {message["MessageId"] for message in messages}
    if outcome.failed:
        return everything
    report = json.loads(outcome.payload) or {}
    try:
        failures = {failure["itemIdentifier"] for failure in report.get("batchItemFailures") or ()}
    except (TypeError, KeyError, AttributeError):
        return everything
    return min(failures, everything)
