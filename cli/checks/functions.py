"""Check that the functions work, by requests that store nothing."""

from collections.abc import Iterator
from typing import Any

import httpx

from cli.checks.deployment import SET_OR_USE_STAGE, Deployment, require, reveal
from cli.checks.endpoints import FUNCTION_PATHS, requires_aws_signature
from cli.checks.results import CheckResult, ok, skipped, wrong

_EXPIRED_ID = "00000000-0000-7000-8000-000000000000"
"""A UUIDv7 of 1970: no row has it, and no change is deferred for it."""

_REQUESTS: dict[str, dict[str, Any]] = {
    "CLASSIFY_URL": {"message": "Call 0 when ready, and move the rest.", "capture": False},
    "OUTCOMES_URL": {"log_id": _EXPIRED_ID, "was_successful": True, "workflow_type": "doctor"},
    "CORRECTIONS_URL": {"log_id": _EXPIRED_ID, "corrected_intent": "x", "reviewer": "doctor"},
}
_SEE_LOG = "See its log: `npx osls logs --function NAME --stage dev`."
_REMEDIATIONS = {
    "api_key_invalid": "Use a key whose hash is in the parameter api-key-hashes "
    "(docs/how-to/deploy.md, step 2), then restart the functions.",
    "store_unavailable": "The function cannot use the database. Check its key and "
    "`npx osls logs --function NAME --stage dev`.",
}
_EXPECTED = {(200, ""), (404, "prompt_log_not_found")}


def functions(deployment: Deployment) -> Iterator[CheckResult]:
    """Classify without capture, and send an outcome and a correction of an unknown prompt.

    Each function reaches its store, and the store refuses the unknown id.
    """
    for name in FUNCTION_PATHS:
        if getattr(deployment.settings, name.lower()) is None:
            yield skipped(name, "is not set", SET_OR_USE_STAGE)
            continue
        try:
            yield _evaluate(name, call_function(deployment, name))
        except httpx.HTTPError as error:
            yield skipped(name, f"no response ({type(error).__name__})", "See `endpoints`.")


def call_function(deployment: Deployment, name: str) -> httpx.Response:
    """Send a function the request that stores nothing. Raises `MissingPrerequisite`."""
    url = require(getattr(deployment.settings, name.lower()), name, SET_OR_USE_STAGE)
    key = require(reveal(deployment.settings.api_key), "API_KEY", "Set it to your backend's key.")
    return deployment.http.post(str(url), json=_REQUESTS[name], headers={"X-Api-Key": key})


def _evaluate(name: str, response: httpx.Response) -> CheckResult:
    code = _error_code(response)
    if (response.status_code, code) in _EXPECTED:
        return ok(name, "works")
    if requires_aws_signature(response):
        return skipped(
            name,
            "requires an AWS signature (AWS_IAM)",
            "Send a message as in docs/how-to/deploy.md, step 4.",
        )
    message = f"returns HTTP {response.status_code} {code}".rstrip()
    return wrong(name, message, _REMEDIATIONS.get(code, _SEE_LOG))


def _error_code(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
