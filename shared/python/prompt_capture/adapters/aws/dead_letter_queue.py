"""The number of dead letters, by one signed request. `dead_letters.py` reads them."""

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.settings import DeadLetterSettings

_COUNT = "ApproximateNumberOfMessages"


class SqsDeadLetterQueue:
    """Counts the messages of the queue of dead letters. It receives none."""

    def __init__(self, client: httpx.AsyncClient, settings: DeadLetterSettings) -> None:
        self._client, self._url = client, settings.dead_letters_queue_url
        self._sqs = AwsJsonService("sqs", "AmazonSQS", "1.0", settings.endpoint, settings)

    async def count(self) -> int:
        payload = {"QueueUrl": self._url, "AttributeNames": [_COUNT]}
        request = self._sqs.create_request("GetQueueAttributes", payload)
        try:
            response = await self._client.send(request)
        except httpx.HTTPError as error:
            raise SpoolUnavailable(f"The queue did not respond ({type(error).__name__}).") from None
        if not response.is_success:
            raise SpoolUnavailable(
                f"The queue rejected the request (status {response.status_code})."
            )
        return int(response.json()["Attributes"][_COUNT])
