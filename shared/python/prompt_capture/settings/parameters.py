"""Which settings are in the Parameter Store, and how to reach it."""

from collections.abc import Mapping

from prompt_capture.settings.aws import AwsSettings
from prompt_capture.settings.urls import HttpUrl

PARAMETER_SUFFIX = "_PARAMETER"
"""The variable X_PARAMETER names the SSM parameter that holds the setting X."""


def parameter_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are in the Parameter Store, with the names of their parameters."""
    return {
        name.removesuffix(PARAMETER_SUFFIX): value
        for name, value in environment.items()
        if name.endswith(PARAMETER_SUFFIX) and value
    }


class ParameterStoreSettings(AwsSettings):
    """The Parameter Store. AWS_ENDPOINT_URL_SSM overrides the endpoint of AWS."""

    aws_endpoint_url_ssm: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests."""
        override = self.aws_endpoint_url_ssm
        return str(override) if override else f"https://ssm.{self.aws_region}.amazonaws.com/"
