"""The checks `endpoints`, `clock` and `functions`: the addresses respond, and functions work."""

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg

from cli.checks.interface import (
    SET_OR_USE_STAGE,
    CheckResult,
    Deployment,
    MissingPrerequisite,
    ok,
    require,
    reveal,
    skipped,
    wrong,
)
from cli.checks.proxies import http_remedy
from prompt_capture.adapters.supabase.keys import UnusableKey, check_sendable
from prompt_capture.client.urls import complete_url

_SLASHES = re.compile("/{2,}")

JWKS = "/auth/v1/.well-known/jwks.json"
_DISCOVERY = "/auth/v1/.well-known/openid-configuration"
_ISSUER = re.compile(r"(?P<project>https?://[\w.:-]+)/auth/v1")
FUNCTION_PATHS = {
    "CLASSIFY_URL": "/v1/classify",
    "OUTCOMES_URL": "/v1/outcomes",
    "CORRECTIONS_URL": "/v1/corrections",
    "MODELS_URL": "/v1/models",
}
"""The path that each function's URL ends with. The function's OpenAPI description lists it."""

_OF_CLIENT = frozenset({"CLASSIFY_URL", "OUTCOMES_URL", "CORRECTIONS_URL"})

_CHECK_PROJECT = "Check SUPABASE_URL. If the project is paused, resume it in the Dashboard."
_CHECK_URL = "Compare it with the output of `npx osls info --stage dev`."

_CLOCK_TOLERANCE_SECONDS = 30
"""PostgREST refuses tokens whose times differ by more (its `allowedSkewSeconds`)."""

_EXPIRED_ID = "00000000-0000-7000-8000-000000000000"
"""A UUIDv7 of 1970: no row has it, and no change is deferred for it."""

_REQUESTS: dict[str, dict[str, Any] | None] = {
    "CLASSIFY_URL": {"message": "Call 0 when ready, and move the rest.", "capture": False},
    "OUTCOMES_URL": {"log_id": _EXPIRED_ID, "was_successful": True, "workflow_type": "doctor"},
    "CORRECTIONS_URL": {"log_id": _EXPIRED_ID, "corrected_intent": "x", "reviewer": "doctor"},
    "MODELS_URL": None,
}
"""The bodies of requests that store nothing. A request without one is a GET, of an operator."""

_RESTART = (
    "Correct the parameter (docs/how-to/deploy.md, step 2), then restart the functions "
    "(docs/how-to/rotate-keys.md, step 4)."
)
_SEE_LOG = "See its log: `npx osls logs --function NAME --stage dev`."
_REMEDIATIONS = {
    "api_key_invalid": "Use a key whose hash is in the parameter api-key-hashes "
    "(docs/how-to/deploy.md, step 2), then restart the functions.",
    "not_an_operator": "Use a key whose hash is in the parameter operator-key-hashes "
    "(docs/how-to/deploy.md, step 2), then restart the function.",
    "not_configured": "See `endpoints`.",
    "store_unavailable": "The function cannot use the database. Check its key and "
    "`npx osls logs --function NAME --stage dev`.",
}
_EXPECTED_RESPONSES = {(200, ""), (404, "prompt_log_not_found")}


def endpoints(deployment: Deployment) -> Iterator[CheckResult]:
    """Request from Supabase, the database and each function what needs no permission."""
    yield from _supabase(deployment)
    yield _database(deployment)
    for name, path in FUNCTION_PATHS.items():
        yield _function_endpoint(deployment, name, path)


def _supabase(deployment: Deployment) -> Iterator[CheckResult]:
    for subject, path in (("Supabase REST API", "/rest/v1/"), ("Supabase signing keys", JWKS)):
        try:
            response = deployment.http.get(f"{deployment.supabase_url}{path}")
        except MissingPrerequisite as missing:
            yield skipped(subject, str(missing), missing.remediation)
        except httpx.HTTPError as error:
            yield wrong(
                subject,
                f"does not respond ({type(error).__name__})",
                http_remedy(error, _CHECK_PROJECT),
            )
        else:
            yield _evaluate_project(subject, response, path == JWKS)
    yield from _issuer(deployment)


def _issuer(deployment: Deployment) -> Iterator[CheckResult]:
    """Compare the issuer in users' tokens, where the project names it, with SUPABASE_URL."""
    try:
        issuer = deployment.http.get(f"{deployment.supabase_url}{_DISCOVERY}").json()["issuer"]
        expected = f"{deployment.supabase_url}/auth/v1"
    except (MissingPrerequisite, httpx.HTTPError, ValueError, KeyError, TypeError):
        return
    if isinstance(issuer, str) and issuer != expected:
        known = _ISSUER.fullmatch(issuer)
        if known and _is_loopback(issuer) and not _is_loopback(expected):
            known = None  # the functions cannot reach it
        yield wrong(
            "Supabase issuer",
            "is another address than SUPABASE_URL, so the functions refuse the tokens of users",
            f"Set SUPABASE_URL to {known['project']}."
            if known
            else f"Let Supabase Auth name {expected} as the issuer (GOTRUE_JWT_ISSUER).",
        )


def _is_loopback(url: str) -> bool:
    """Return whether only the machine itself reaches a URL."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.startswith("127.")


def _evaluate_project(subject: str, response: httpx.Response, must_succeed: bool) -> CheckResult:
    """Accept a refusal of the REST API: it refuses every request without a key."""
    if response.is_server_error or (must_succeed and not _has_keys(response)):
        return wrong(
            subject,
            f"does not respond like a Supabase project (HTTP {response.status_code})",
            _CHECK_PROJECT,
        )
    if must_succeed and not response.json()["keys"]:
        return ok(subject, "responds without a key, so users' tokens need SUPABASE_JWT_SECRET")
    return ok(subject, "responds")


def _has_keys(response: httpx.Response) -> bool:
    try:
        return response.is_success and isinstance(response.json()["keys"], list)
    except (ValueError, KeyError, TypeError):
        return False


def _database(deployment: Deployment) -> CheckResult:
    try:
        deployment.query("select 1")
    except MissingPrerequisite as missing:
        return skipped("database", str(missing), missing.remediation)
    except psycopg.Error as error:
        return wrong(
            "database",
            f"does not accept the connection ({type(error).__name__})",
            "Check host, user and password of DATABASE_URL (Dashboard, Connect, Session pooler).",
        )
    return ok("database", "responds")


def _function_url(deployment: Deployment, name: str) -> str | None:
    """Return the URL of a function, with its path where the Python client adds that."""
    url = getattr(deployment.settings, name.lower())
    if url is None:
        return None
    return complete_url(str(url), FUNCTION_PATHS[name]) if name in _OF_CLIENT else str(url)


def _function_endpoint(deployment: Deployment, name: str, path: str) -> CheckResult:
    url = _function_url(deployment, name)
    if url is None:
        return skipped(name, "is not set", SET_OR_USE_STAGE)
    parts = urlsplit(url)
    actual = _SLASHES.sub("/", parts.path).rstrip("/")  # the functions accept such paths, too
    if not actual.endswith(path):
        return wrong(name, "has the wrong path", f"Set it to a URL that ends with {path}.")
    description = f"{actual.removesuffix(path)}/openapi.json"
    try:
        response = deployment.http.get(parts._replace(path=description).geturl())
    except httpx.HTTPError as error:
        return wrong(
            name, f"does not respond ({type(error).__name__})", http_remedy(error, _CHECK_URL)
        )
    return _evaluate_description(name, path, response)


def _evaluate_description(name: str, path: str, response: httpx.Response) -> CheckResult:
    if _requires_aws_signature(response):
        return ok(name, "responds; it requires an AWS signature, as with urlAuth: iam")
    if _error(response).get("code") == "not_configured":
        return wrong(name, str(_error(response).get("message")), _RESTART)
    if not response.is_success:
        return wrong(
            name,
            f"returns HTTP {response.status_code}",
            "The function may fail to start: `npx osls logs --function NAME --stage dev`.",
        )
    try:
        has_path = path in response.json()["paths"]
    except (ValueError, KeyError, TypeError):
        has_path = False
    if not has_path:
        return wrong(name, "is not the URL of this function", _CHECK_URL)
    return ok(name, "responds")


def clock(deployment: Deployment) -> Iterator[CheckResult]:
    """Compare the middle of a request with its response's `Date`, which is in whole seconds."""
    started = time.time()
    response = deployment.http.get(f"{deployment.supabase_url}{JWKS}")
    local_time = (started + time.time()) / 2
    try:
        server_time = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        yield skipped(
            "this machine",
            "the server's response has no Date header",
            "Call the server directly, not through a proxy.",
        )
        return
    difference = round(local_time - server_time)
    if abs(difference) <= _CLOCK_TOLERANCE_SECONDS:
        yield ok("this machine", f"agrees with the server's within {_CLOCK_TOLERANCE_SECONDS} s")
        return
    yield wrong(
        "this machine",
        f"is {abs(difference)} s {'ahead of' if difference > 0 else 'behind'} the server's",
        "Synchronize the clock: `sudo timedatectl set-ntp true`. "
        "Until then, tokens signed here are refused.",
    )


def functions(deployment: Deployment) -> Iterator[CheckResult]:
    """Classify without capture, send an outcome and a correction of an unknown prompt, list models.

    Each function reaches its store, and the store refuses the unknown id.
    """
    for name in FUNCTION_PATHS:
        if getattr(deployment.settings, name.lower()) is None:
            yield skipped(name, "is not set", SET_OR_USE_STAGE)
            continue
        try:
            yield _evaluate_call(name, call_function(deployment, name))
        except MissingPrerequisite as missing:
            yield skipped(name, f"needs {missing.name}", missing.remediation)
        except httpx.HTTPError as error:
            yield skipped(name, f"no response ({type(error).__name__})", "See `endpoints`.")


def call_function(deployment: Deployment, name: str) -> httpx.Response:
    """Send a function the request that stores nothing. Raises `MissingPrerequisite`."""
    url = require(_function_url(deployment, name), name, SET_OR_USE_STAGE)
    body = _REQUESTS[name]
    if body is None:
        headers = {"X-Api-Key": _sendable_key(deployment, "OPERATOR_KEY", "an operator's key")}
        return deployment.http.get(url, headers=headers)
    headers = {"X-Api-Key": _sendable_key(deployment, "API_KEY", "your backend's key")}
    return deployment.http.post(url, json=body, headers=headers)


def _sendable_key(deployment: Deployment, name: str, whose: str) -> str:
    """Return a key that a header can hold. Raise `MissingPrerequisite`."""
    key = require(reveal(getattr(deployment.settings, name.lower())), name, f"Set it to {whose}.")
    try:
        check_sendable(name, key)
    except UnusableKey as error:
        raise MissingPrerequisite(name, "See `keys`.", error.problem) from None
    return key


def _evaluate_call(name: str, response: httpx.Response) -> CheckResult:
    code = str(_error(response).get("code", ""))
    if (response.status_code, code) in _EXPECTED_RESPONSES:
        return ok(name, "works")
    if _requires_aws_signature(response):
        return skipped(
            name,
            "requires an AWS signature",
            "With urlAuth: iam, send a message as in docs/how-to/deploy.md, step 4. Otherwise the "
            "URL lacks one of the two permissions that AWS wants since 2025: `make package`, and "
            "`npx osls deploy --stage dev`.",
        )
    message = f"returns HTTP {response.status_code} {code}".rstrip()
    return wrong(name, message, _REMEDIATIONS.get(code, _SEE_LOG))


def _error(response: httpx.Response) -> dict[str, Any]:
    """Return the error of a response; empty where it has none."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _requires_aws_signature(response: httpx.Response) -> bool:
    """Return whether AWS refused the request because it has no AWS signature (AWS_IAM)."""
    return response.status_code == httpx.codes.FORBIDDEN and "x-amzn-errortype" in response.headers
