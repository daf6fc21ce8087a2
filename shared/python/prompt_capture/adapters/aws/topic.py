"""An SNS topic, and the number of dead letters of an SQS queue: one signed request each."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService, UnsignedRequest, sign
from prompt_capture.domain.alerts import AlertNotification
from prompt_capture.domain.errors import SpoolUnavailable, TopicUnavailable
from prompt_capture.settings import DeadLetterSettings, TopicSettings

_API_VERSION = "2010-03-31"
_COUNT = "ApproximateNumberOfMessages"


class SnsTopic:
    """Publishes to one topic. SNS has a query protocol: the request is a form."""

    def __init__(self, client: httpx.AsyncClient, settings: TopicSettings) -> None:
        self._client, self._settings = client, settings

    async def publish(self, message: AlertNotification) -> None:
        form = {
            "Action": "Publish",
            "Version": _API_VERSION,
            "TopicArn": self._settings.alert_topic_arn,
            "Subject": message.subject.encode("ascii", "replace").decode(),
            "Message": message.text,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        url, body = httpx.URL(self._settings.endpoint), urlencode(form).encode()
        unsigned = UnsignedRequest("POST", url, headers, body)
        signed = sign(unsigned, "sns", self._settings, datetime.now(UTC))
        try:
            response = await self._client.post(url, headers=signed, content=body)
        except httpx.HTTPError as error:
            raise TopicUnavailable(f"The topic did not respond ({type(error).__name__}).") from None
        if not response.is_success:
            raise TopicUnavailable(
                f"The topic rejected the message (status {response.status_code})."
            )


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
