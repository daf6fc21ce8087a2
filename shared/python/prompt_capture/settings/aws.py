"""What Lambda sets for a function, and how to reach SQS."""

from pydantic import SecretStr

from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import HttpUrl


class AwsSettings(Settings):
    """A function's AWS region, and its credentials from Lambda."""

    aws_region: str
    aws_access_key_id: str
    aws_secret_access_key: SecretStr
    aws_session_token: SecretStr | None = None


class ExtensionSettings(Settings):
    """The address of Lambda's own APIs inside an environment."""

    aws_lambda_runtime_api: str


class SqsSettings(AwsSettings):
    """SQS. AWS_ENDPOINT_URL_SQS overrides the endpoint of AWS."""

    aws_endpoint_url_sqs: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests. In SQS's JSON protocol, all queues have the same one."""
        override = self.aws_endpoint_url_sqs
        return str(override) if override else f"https://sqs.{self.aws_region}.amazonaws.com/"
