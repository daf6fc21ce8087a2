"""Check that Supabase, the database and the functions respond at their addresses."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psycopg

from cli.checks.deployment import SET_OR_USE_STAGE, Deployment, MissingPrerequisite
from cli.checks.results import CheckResult, ok, skipped, wrong

JWKS = "/auth/v1/.well-known/jwks.json"
FUNCTION_PATHS = {
    "CLASSIFY_URL": "/v1/classify",
    "OUTCOMES_URL": "/v1/outcomes",
    "CORRECTIONS_URL": "/v1/corrections",
}
"""The path that each function's URL ends with. The function's OpenAPI description lists it."""

_CHECK_PROJECT = "Check SUPABASE_URL. If the project is paused, resume it in the Dashboard."
_CHECK_URL = "Compare it with the output of `npx osls info --stage dev`."


def endpoints(deployment: Deployment) -> Iterator[CheckResult]:
    """Request from Supabase, the database and each function what needs no permission."""
    yield from _supabase(deployment)
    yield _database(deployment)
    for name, path in FUNCTION_PATHS.items():
        yield _function(deployment, name, path)


def _supabase(deployment: Deployment) -> Iterator[CheckResult]:
    for subject, path in (("Supabase REST API", "/rest/v1/"), ("Supabase signing keys", JWKS)):
        try:
            response = deployment.http.get(f"{deployment.supabase_url}{path}")
        except MissingPrerequisite as missing:
            yield skipped(subject, str(missing), missing.remediation)
        except httpx.HTTPError as error:
            yield wrong(subject, f"does not respond ({type(error).__name__})", _CHECK_PROJECT)
        else:
            yield _project(subject, response, path == JWKS)


def _project(subject: str, response: httpx.Response, must_succeed: bool) -> CheckResult:
    """Accept a refusal of the REST API: it refuses every request without a key."""
    if response.is_server_error or (must_succeed and not _has_keys(response)):
        return wrong(
            subject,
            f"does not respond like a Supabase project (HTTP {response.status_code})",
            _CHECK_PROJECT,
        )
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


def _function(deployment: Deployment, name: str, path: str) -> CheckResult:
    url = getattr(deployment.settings, name.lower())
    if url is None:
        return skipped(name, "is not set", SET_OR_USE_STAGE)
    parts = urlsplit(str(url))
    if parts.path != path:
        return wrong(name, "has the wrong path", f"Set it to a URL that ends with {path}.")
    try:
        response = deployment.http.get(parts._replace(path="/openapi.json").geturl())
    except httpx.HTTPError as error:
        return wrong(name, f"does not respond ({type(error).__name__})", _CHECK_URL)
    return _description(name, path, response)


def requires_aws_signature(response: httpx.Response) -> bool:
    """Return whether AWS refused the request because it has no AWS signature (AWS_IAM)."""
    return response.status_code == httpx.codes.FORBIDDEN and "x-amzn-errortype" in response.headers


def _description(name: str, path: str, response: httpx.Response) -> CheckResult:
    if requires_aws_signature(response):
        return ok(name, "responds; it requires an AWS signature (AWS_IAM)")
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
