"""An SNS topic: one signed request per message."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from prompt_capture.adapters.aws.requests import UnsignedRequest, sign
from prompt_capture.domain.alerts import AlertNotification
from prompt_capture.domain.errors import TopicUnavailable
from prompt_capture.settings.monitoring import TopicSettings

_API_VERSION = "2010-03-31"


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
