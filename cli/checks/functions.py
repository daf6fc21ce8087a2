"""Whether the functions do their work, asked in ways that leave no trace."""

from collections.abc import Iterator
from typing import Any

import httpx

from cli.checks.addresses import PATHS, wants_signature
from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.place import OR_NAME_THE_STAGE, Place, needed, reveal

_LONG_AGO = "00000000-0000-7000-8000-000000000000"
"""An id of version 7 made in 1970: no row has it, and nothing is held for it."""

_REQUESTS: dict[str, dict[str, Any]] = {
    "CLASSIFY_URL": {"message": "Call 0 when ready, and move the rest.", "capture": False},
    "OUTCOMES_URL": {"log_id": _LONG_AGO, "was_successful": True, "workflow_type": "doctor"},
    "CORRECTIONS_URL": {"log_id": _LONG_AGO, "corrected_intent": "x", "reviewer": "doctor"},
}
_MENDS = {
    "api_key_invalid": "Call with a key whose hash is in the parameter api-key-hashes "
    "(docs/deploy.md, step 2), then start the functions anew.",
    "store_unavailable": "The function cannot use the database: see its key and "
    "`npx osls logs --function NAME --stage dev`.",
}
_WELL = {(200, ""), (404, "prompt_log_not_found")}


def functions(place: Place) -> Iterator[Finding]:
    """Classify without capture, and tell of a message that never was: the database says so."""
    for name in PATHS:
        if getattr(place.settings, name.lower()) is None:
            yield skipped(name, "is not set", OR_NAME_THE_STAGE)
            continue
        try:
            yield _judged(name, called(place, name))
        except httpx.HTTPError as error:
            yield skipped(name, f"no answer ({type(error).__name__})", "See `addresses`.")


def called(place: Place, name: str) -> httpx.Response:
    """Send a function the request that leaves no trace; raises `NotGiven`."""
    url = needed(getattr(place.settings, name.lower()), name, OR_NAME_THE_STAGE)
    key = needed(reveal(place.settings.api_key), "API_KEY", "Set it to your backend's key.")
    return place.http.post(str(url), json=_REQUESTS[name], headers={"X-Api-Key": key})


def _judged(name: str, answer: httpx.Response) -> Finding:
    code = _code(answer)
    if (answer.status_code, code) in _WELL:
        return ok(name, "works")
    if wants_signature(answer):
        return skipped(
            name, "asks for AWS's signature", "Send a message as docs/deploy.md does, step 4."
        )
    mend = _MENDS.get(code, "See its log: `npx osls logs --function NAME --stage dev`.")
    return wrong(name, f"answers {answer.status_code} {code}".rstrip(), mend)


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
