"""An event source mapping: polls an SQS queue and invokes a function, as Lambda does."""

import asyncio
import json
from typing import Any

import httpx

from infra.lambda_emulator.pool import InstancePool
from infra.lambda_emulator.types import ACCOUNT_ID, REGION, InvocationResult

_SQS_BATCH_LIMIT = 10
_WAIT_SECONDS = 1
_RETRY_SECONDS = 0.2
_AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/sqs/aws4_request, "
    "SignedHeaders=host, Signature=local"
)

SqsMessage = dict[str, Any]


class EventSourceMapping:
    """Invokes a function with batches of messages and deletes the messages that succeed.

    Messages that the function reports as failed stay in the queue. If the function itself fails,
    the whole batch stays. Such messages become visible again after the visibility timeout.
    """

    def __init__(self, pool: InstancePool, queue_url: str, batch_size: int = 100) -> None:
        self._pool, self._queue_url, self._batch_size = pool, queue_url, batch_size
        self._endpoint, _, self._queue = queue_url.rsplit("/", 2)
        self._client = httpx.AsyncClient(timeout=30, trust_env=False)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start polling."""
        self._task = asyncio.create_task(self._poll())

    async def close(self) -> None:
        """Stop polling; the messages of an unfinished batch become visible again."""
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
                await asyncio.sleep(_RETRY_SECONDS)  # the queue is not reachable

    async def _receive(self) -> list[SqsMessage]:
        """Receive the available messages, up to the batch size."""
        messages: list[SqsMessage] = []
        while len(messages) < self._batch_size:
            response = await self._call(
                "ReceiveMessage",
                MaxNumberOfMessages=min(_SQS_BATCH_LIMIT, self._batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else _WAIT_SECONDS,
                MessageSystemAttributeNames=["All"],
            )
            received = response.get("Messages", [])
            messages += received
            if not received:
                break
        return messages

    async def _invoke(self, messages: list[SqsMessage]) -> None:
        event = {"Records": [self._record(message) for message in messages]}
        result = await self._pool.invoke(json.dumps(event).encode())
        failed = _failed_ids(result, messages)
        succeeded = [message for message in messages if message["MessageId"] not in failed]
        for start in range(0, len(succeeded), _SQS_BATCH_LIMIT):
            entries = [
                {"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}
                for message in succeeded[start : start + _SQS_BATCH_LIMIT]
            ]
            await self._call("DeleteMessageBatch", Entries=entries)

    def _record(self, message: SqsMessage) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{self._queue}",
            "awsRegion": REGION,
        }

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        response = await self._client.post(
            self._endpoint,
            json={"QueueUrl": self._queue_url, **parameters},
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AmazonSQS.{action}",
                "Authorization": _AUTHORIZATION,
            },
        )
        response.raise_for_status()
        content: dict[str, Any] = response.json() if response.content else {}
        return content


def _failed_ids(result: InvocationResult, messages: list[SqsMessage]) -> set[str]:
    """Return the ids of the failed messages.

    As on Lambda, an invalid report means that all messages failed.
    """
    all_ids = {message["MessageId"] for message in messages}
    if result.failed:
        return all_ids
    report = json.loads(result.payload) or {}
    try:
        failures = {failure["itemIdentifier"] for failure in report.get("batchItemFailures") or ()}
    except (TypeError, KeyError, AttributeError):
        return all_ids
    return min(failures, all_ids)
