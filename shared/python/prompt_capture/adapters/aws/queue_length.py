"""The number of prompts in a queue, by one signed request. `dead_letters.py` reads them."""

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.settings.aws import SqsSettings

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class SqsQueueLength:
    """Counts the messages of a queue. It receives none."""

    def __init__(self, client: httpx.AsyncClient, queue_url: str, settings: SqsSettings) -> None:
        self._client, self._url = client, queue_url
        self._sqs = AwsJsonService("sqs", "AmazonSQS", "1.0", settings.endpoint, settings)

    async def count(self) -> int:
        payload = {"QueueUrl": self._url, "AttributeNames": list(_COUNTS)}
        request = self._sqs.create_request("GetQueueAttributes", payload)
        try:
            response = await self._client.send(request)
        except httpx.HTTPError as error:
            raise SpoolUnavailable(f"The queue did not respond ({type(error).__name__}).") from None
        if not response.is_success:
            raise SpoolUnavailable(
                f"The queue rejected the request (status {response.status_code})."
            )
        attributes = response.json()["Attributes"]
        return sum(int(attributes[name]) for name in _COUNTS)
