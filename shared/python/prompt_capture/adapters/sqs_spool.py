"""The spool as an SQS queue: one signed request over a warm connection."""

import httpx

from prompt_capture.adapters.aws_requests import JsonService
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.settings import SpoolSettings


class SqsSpool:
    """Sends to one queue; a deadline is the caller's."""

    def __init__(self, client: httpx.AsyncClient, settings: SpoolSettings) -> None:
        self._client = client
        self._queue_url = settings.spool_queue_url
        self._sqs = JsonService("sqs", "AmazonSQS", "1.0", settings.endpoint, settings)

    async def put(self, prompt: SpooledPrompt) -> None:
        # SQS refuses some characters, so that all beyond ASCII are escaped.
        body = prompt.model_dump_json(ensure_ascii=True)
        told = {"QueueUrl": self._queue_url, "MessageBody": body}
        try:
            answer = await self._client.send(self._sqs.request("SendMessage", told))
        except httpx.HTTPError as error:
            raise SpoolUnavailable(f"The queue did not answer ({type(error).__name__}).") from None
        if not answer.is_success:
            raise SpoolUnavailable(f"The queue refused the message (status {answer.status_code}).")
