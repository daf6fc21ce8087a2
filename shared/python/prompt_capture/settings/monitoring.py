"""The monitor, and the topic of its alerts."""

from typing import Annotated

from pydantic import Field

from prompt_capture.settings.aws import AwsSettings
from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import HttpUrl, QueueUrl


class MonitorSettings(Settings):
    """Where the monitor publishes alerts, the queues that it watches, and its package.

    Without a topic, alerts are recorded and logged. Without a queue, nobody watches it. The package
    is named by a hash of what it was built from; without it, deployments leave no mark.
    """

    alert_topic_arn: str | None = None
    spool_queue_url: QueueUrl | None = None
    dead_letters_queue_url: QueueUrl | None = None
    package_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{12,}$")] | None = None

    @property
    def package(self) -> str | None:
        """What names the package in the figures: the beginning of its digest."""
        return self.package_digest and self.package_digest[:12]


class TopicSettings(AwsSettings):
    """The topic of the alerts. AWS_ENDPOINT_URL_SNS overrides the endpoint of AWS."""

    alert_topic_arn: str
    aws_endpoint_url_sns: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests."""
        override = self.aws_endpoint_url_sns
        return str(override) if override else f"https://sns.{self.aws_region}.amazonaws.com/"
