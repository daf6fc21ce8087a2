"""Settings that lie in the SSM Parameter Store: read in one request, when a function starts.

Without the AWS client, as the spool: making one costs a cold start more than all that is needed.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from prompt_capture.domain.errors import InvalidSettings, ParametersUnavailable
from prompt_capture.settings import ParameterStoreSettings

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonSSM.GetParameters",
}
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
    body = json.dumps({"Names": names, "WithDecryption": True}).encode()
    for wait in (*_WAITS_SECONDS, None):
        reason, answer = _try(body, settings)
        if answer is not None:
            return answer
        if wait is None:
            break
        time.sleep(wait)
    raise ParametersUnavailable(f"The Parameter Store did not answer ({reason}).")


def _try(body: bytes, settings: ParameterStoreSettings) -> tuple[str, dict[str, Any] | None]:
    request = AWSRequest("POST", settings.endpoint, dict(_HEADERS), body)
    SigV4Auth(_credentials(settings), "ssm", settings.aws_region).add_auth(request)
    headers = dict(request.headers.items())
    try:
        answer = httpx.post(settings.endpoint, content=body, headers=headers, timeout=2)
    except httpx.HTTPError as error:
        return type(error).__name__, None
    return f"status {answer.status_code}", answer.json() if answer.is_success else None


def _credentials(settings: ParameterStoreSettings) -> Credentials:
    token = settings.aws_session_token
    return Credentials(
        settings.aws_access_key_id,
        settings.aws_secret_access_key.get_secret_value(),
        token.get_secret_value() if token else None,
    )
