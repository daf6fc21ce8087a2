"""Notifications through an SNS topic."""

from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from prompt_capture.domain.errors import NotificationFailed

_MAX_SUBJECT = 99
"""SNS takes fewer than 100 characters of ASCII."""


class _SnsClient(Protocol):
    """The part of boto3's client that is used here."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> object: ...  # noqa: N803


class SnsNotifier:
    """Publishes to one topic. The caller needs the right `sns:Publish` on it."""

    def __init__(self, client: _SnsClient, topic: str) -> None:
        self._client = client
        self._topic = topic

    def publish(self, subject: str, message: str) -> None:
        shown = subject.encode("ascii", "replace").decode()[:_MAX_SUBJECT]
        try:
            self._client.publish(TopicArn=self._topic, Subject=shown, Message=message)
        except (BotoCoreError, ClientError) as error:
            raise NotificationFailed(
                f"The notification could not be published ({type(error).__name__})."
            ) from None
