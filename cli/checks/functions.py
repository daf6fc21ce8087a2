"""Whether the functions do their work, asked in ways that leave no trace."""

from collections.abc import Iterator
from typing import Any

import httpx

from cli.checks.addresses import PATHS, wants_signature
from cli.checks.deployment import OR_NAME_THE_STAGE, Deployment, needed, reveal
from cli.checks.finding import Finding, ok, skipped, wrong

_LONG_AGO = "00000000-0000-7000-8000-000000000000"
"""An id of version 7 made in 1970: no row has it, and nothing is held for it."""

_REQUESTS: dict[str, dict[str, Any]] = {
    "CLASSIFY_URL": {"message": "Call 0 when ready, and move the rest.", "capture": False},
    "OUTCOMES_URL": {"log_id": _LONG_AGO, "was_successful": True, "workflow_type": "doctor"},
    "CORRECTIONS_URL": {"log_id": _LONG_AGO, "corrected_intent": "x", "reviewer": "doctor"},
}
_REMEDIATIONS = {
    "api_key_invalid": "Call with a key whose hash is in the parameter api-key-hashes "
    "(docs/deploy.md, step 2), then start the functions anew.",
    "store_unavailable": "The function cannot use the database: see its key and "
    "`npx osls logs --function NAME --stage dev`.",
}
_WELL = {(200, ""), (404, "prompt_log_not_found")}


def functions(deployment: Deployment) -> Iterator[Finding]:
    """Classify without capture, and tell of a message that never was: the database says so."""
    for name in PATHS:
        if getattr(deployment.settings, name.lower()) is None:
            yield skipped(name, "is not set", OR_NAME_THE_STAGE)
            continue
        try:
            yield _judged(name, called(deployment, name))
        except httpx.HTTPError as error:
            yield skipped(name, f"no answer ({type(error).__name__})", "See `addresses`.")


def called(deployment: Deployment, name: str) -> httpx.Response:
    """Send a function the request that leaves no trace; raises `NotGiven`."""
    url = needed(getattr(deployment.settings, name.lower()), name, OR_NAME_THE_STAGE)
    key = needed(reveal(deployment.settings.api_key), "API_KEY", "Set it to your backend's key.")
    return deployment.http.post(str(url), json=_REQUESTS[name], headers={"X-Api-Key": key})


def _judged(name: str, answer: httpx.Response) -> Finding:
    code = _code(answer)
    if (answer.status_code, code) in _WELL:
        return ok(name, "works")
    if wants_signature(answer):
        return skipped(
            name, "asks for AWS's signature", "Send a message as docs/deploy.md does, step 4."
        )
    remediation = _REMEDIATIONS.get(
        code, "See its log: `npx osls logs --function NAME --stage dev`."
    )
    return wrong(name, f"answers {answer.status_code} {code}".rstrip(), remediation)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
