"""Settings in the SSM Parameter Store, which a function reads in one request when it starts."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from prompt_capture.adapters.aws.requests import AwsJsonService
from prompt_capture.adapters.http_client import tls_context, usable_http_settings
from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings.parameters import ParameterStoreSettings

_RETRY_DELAYS_SECONDS = (0.1, 0.4)
"""A thousand functions that start at the same time are throttled."""

_ERROR_TYPE = re.compile(r"(?:.*#)?(?P<name>[A-Za-z]{1,60})")


def read_parameters(names: Mapping[str, str], settings: ParameterStoreSettings) -> dict[str, str]:
    """Return the value of each setting. `names` maps settings to parameters, ten at most.

    A parameter may be named by its ARN, and with a version or a label behind a colon. Raise
    `InvalidSettings` where a parameter is missing, and `ParametersUnavailable` where the Parameter
    Store fails. Neither message contains a value.
    """
    response = _get_parameters(sorted(set(names.values())), settings)
    values = values_by_name(response["Parameters"])
    if missing := sorted(set(names.values()) - values.keys()):
        raise InvalidSettings(f"The Parameter Store has no {', '.join(missing)}.")
    return {setting: values[parameter] for setting, parameter in names.items()}


def values_by_name(parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the values of an answer by each name by which a request may have asked for them."""
    return {name: each["Value"] for each in parameters for name in _requested_names(each)}


def _requested_names(parameter: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of a parameter: a version or a label that was named has its own field."""
    selector = parameter.get("Selector", "").removeprefix(":")
    for field in ("Name", "ARN"):
        if name := parameter.get(field):
            yield f"{name}:{selector}" if selector else name


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
    raise ParametersUnavailable(f"The Parameter Store returned no parameters ({reason}).")


def _send(client: httpx.Client, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
    """Return the result in words, and the response's content after a success."""
    try:
        response = client.send(request)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    if response.is_success:
        return "", response.json()
    return f"status {response.status_code}{_error_type(response)}", None


def _error_type(response: httpx.Response) -> str:
    """Return the type of AWS's error, such as that of a missing right; empty for none."""
    try:
        kind = _ERROR_TYPE.fullmatch(response.json()["__type"])
    except (ValueError, KeyError, TypeError):
        return ""
    return f" {kind['name']}" if kind else ""
