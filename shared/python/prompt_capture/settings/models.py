"""The registered models: where they are published, and how a function gets them."""

from prompt_capture.settings.aws import AwsSettings
from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import HttpUrl
from prompt_capture.settings.values import Bucket, BucketOrFolder, Seconds


class ModelSettings(Settings):
    """The registered models. Without `models_bucket`, the packaged model alone serves.

    An instance that starts waits at most `model_wait_seconds` for the champion; the packaged model
    answers until it has arrived.
    """

    models_bucket: Bucket | None = None
    model_wait_seconds: Seconds = 2.0


class ModelBucketSettings(AwsSettings):
    """The bucket of the published models. AWS_ENDPOINT_URL_S3 overrides the endpoint of AWS."""

    models_bucket: Bucket
    aws_endpoint_url_s3: HttpUrl | None = None

    @property
    def bucket_url(self) -> str:
        """The URL of the bucket, without a slash at the end."""
        override = self.aws_endpoint_url_s3
        if override:
            return f"{str(override).rstrip('/')}/{self.models_bucket}"
        return f"https://{self.models_bucket}.s3.{self.aws_region}.amazonaws.com"


class PublishingSettings(Settings):
    """Where models are published: the bucket that classify-and-log reads them from.

    It may also be a folder on this machine.
    """

    models_bucket: BucketOrFolder
