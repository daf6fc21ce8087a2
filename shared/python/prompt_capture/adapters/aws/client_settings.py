"""The settings of AWS clients, with which the creation or the first call of a client may fail."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from prompt_capture.domain.errors import InvalidSettings


@contextmanager
def usable_aws_settings() -> Iterator[None]:
    """Raise `InvalidSettings` where boto3 cannot create a client in this block."""
    try:
        yield
    except (BotoCoreError, OSError, ValueError) as error:
        raise unusable_aws_settings(error) from None


def unusable_aws_settings(error: BotoCoreError | OSError | ValueError) -> InvalidSettings:
    """Return what boto3 says about its settings. A client may read credentials at its first call.

    Their files and programs raise `OSError`. The text of a `ValueError` may hold a password.
    """
    match error:
        case BotoCoreError():
            reason = str(error).rstrip(".")
        case OSError():
            reason = f"{error.filename or 'a file'} cannot be used: {error.strerror}"
        case JSONDecodeError():
            reason = "the output of credential_process is no JSON"
        case _:
            reason = (
                "an endpoint or a proxy is no URL, or a number such as AWS_MAX_ATTEMPTS is none"
            )
    return InvalidSettings(
        f"AWS cannot be called: {reason}. Check the settings of AWS clients: AWS_PROFILE, "
        "AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE, and the files that `aws configure` writes."
    )


def create_aws_client(service: str) -> Any:
    """Create a client of an AWS service. Raise `InvalidSettings`."""
    create: Any = boto3.client  # typed for literals alone
    with usable_aws_settings():
        # boto3 reads AWS_DEFAULT_REGION alone.
        return create(service, region_name=os.environ.get("AWS_REGION") or None)
