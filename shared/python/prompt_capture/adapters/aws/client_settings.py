"""The settings of AWS clients, with which the creation of a client may fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from prompt_capture.domain.errors import InvalidSettings


@contextmanager
def usable_aws_settings() -> Iterator[None]:
    """Raise `InvalidSettings` where boto3 cannot create a client in this block."""
    try:
        yield
    except (BotoCoreError, ValueError) as error:
        # boto3 raises ValueError for an endpoint, which may hold a password.
        is_described = isinstance(error, BotoCoreError)
        reason = str(error).rstrip(".") if is_described else "an endpoint or a proxy is no URL"
        raise InvalidSettings(
            f"AWS cannot be called: {reason}. Check the settings of AWS clients: AWS_PROFILE, "
            "AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, and the files that `aws configure` writes."
        ) from None


def create_aws_client(service: str) -> Any:
    """Create a client of an AWS service. Raise `InvalidSettings`."""
    create: Any = boto3.client  # typed for literals alone
    with usable_aws_settings():
        return create(service)
