"""The spool as an SQS queue: one signed request over an open connection."""

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.spool import SpooledPrompt
from prompt_capture.settings.capture import SpoolSettings


class SqsSpool:
    """Sends messages to one queue. The caller is responsible for the deadline."""

    def __init__(self, client: httpx.AsyncClient, settings: SpoolSettings) -> None:
        self._client = client
        self._queue_url = settings.spool_queue_url
        self._sqs = AwsJsonService("sqs", "AmazonSQS", "1.0", settings.endpoint, settings)

    async def put(self, prompt: SpooledPrompt) -> None:
        # SQS rejects some characters, so everything beyond ASCII is escaped.
        body = prompt.model_dump_json(ensure_ascii=True)
        payload = {"QueueUrl": self._queue_url, "MessageBody": body}
        try:
            response = await self._client.send(self._sqs.create_request("SendMessage", payload))
        except httpx.HTTPError as error:
            raise SpoolUnavailable(f"The queue did not respond ({type(error).__name__}).") from None
        if not response.is_success:
            raise SpoolUnavailable(
                f"The queue rejected the message (status {response.status_code})."
            )
