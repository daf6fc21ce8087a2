"""Settings that lie in the SSM Parameter Store: read in one request, when a function starts."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from prompt_capture.adapters.aws_requests import JsonService
from prompt_capture.adapters.connections import tls
from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings import ParameterStoreSettings

_WAITS_SECONDS = (0.1, 0.4)
"""Between tries: a thousand functions that start at once are throttled."""


def read_parameters(names: Mapping[str, str], settings: ParameterStoreSettings) -> dict[str, str]:
    """Answer the value of each setting, of the parameter that `names` has for it; ten at most.

    Raises `InvalidSettings` where a parameter is not there, `ParametersUnavailable` where the
    store is not; neither shows a value.
    """
    answer = _ask(sorted(set(names.values())), settings)
    found = {one["Name"]: one["Value"] for one in answer["Parameters"]}
    if missing := sorted(set(names.values()) - found.keys()):
        raise InvalidSettings(f"The Parameter Store has no {', '.join(missing)}.")
    return {setting: found[parameter] for setting, parameter in names.items()}


def _ask(names: list[str], settings: ParameterStoreSettings) -> dict[str, Any]:
    ssm = JsonService("ssm", "AmazonSSM", "1.1", settings.endpoint, settings)
    told = {"Names": names, "WithDecryption": True}
    with httpx.Client(verify=tls(), timeout=2) as client:
        for wait in (*_WAITS_SECONDS, None):
            reason, answer = _try(client, ssm.request("GetParameters", told))
            if answer is not None:
                return answer
            if wait is None:
                break
            time.sleep(wait)
    raise ParametersUnavailable(f"The Parameter Store did not answer ({reason}).")


def _try(client: httpx.Client, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
    try:
        answer = client.send(request)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return f"status {answer.status_code}", answer.json() if answer.is_success else None
