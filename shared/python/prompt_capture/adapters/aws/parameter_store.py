"""Settings in the SSM Parameter Store, which a function reads in one request when it starts."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService
from prompt_capture.adapters.http_client import tls_context, usable_http_settings
from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings.parameters import ParameterStoreSettings

_RETRY_DELAYS_SECONDS = (0.1, 0.4)
"""A thousand functions that start at the same time are throttled."""


def read_parameters(names: Mapping[str, str], settings: ParameterStoreSettings) -> dict[str, str]:
    """Return the value of each setting. `names` maps settings to parameters, ten at most.

    Raise `InvalidSettings` where a parameter is missing, and `ParametersUnavailable` where the
    Parameter Store fails. Neither message contains a value.
    """
    response = _get_parameters(sorted(set(names.values())), settings)
    values = {parameter["Name"]: parameter["Value"] for parameter in response["Parameters"]}
    if missing := sorted(set(names.values()) - values.keys()):
        raise InvalidSettings(f"The Parameter Store has no {', '.join(missing)}.")
    return {setting: values[parameter] for setting, parameter in names.items()}


def _get_parameters(names: list[str], settings: ParameterStoreSettings) -> dict[str, Any]:
    ssm = AwsJsonService("ssm", "AmazonSSM", "1.1", settings.endpoint, settings)
    payload = {"Names": names, "WithDecryption": True}
    with usable_http_settings():
        http = httpx.Client(verify=tls_context(), timeout=2)
    with http as client:
        for delay in (*_RETRY_DELAYS_SECONDS, None):
            reason, response = _send(client, ssm.create_request("GetParameters", payload))
            if response is not None:
                return response
            if delay is None:
                break
            time.sleep(delay)
    raise ParametersUnavailable(f"The Parameter Store did not respond ({reason}).")


def _send(client: httpx.Client, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
    """Return the result in words, and the response's content after a success."""
    try:
        response = client.send(request)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return f"status {response.status_code}", response.json() if response.is_success else None
