"""Whether everything answers where it is said to be."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psycopg

from cli.checks.deployment import OR_NAME_THE_STAGE, Deployment, NotGiven
from cli.checks.finding import Finding, ok, skipped, wrong

JWKS = "/auth/v1/.well-known/jwks.json"
PATHS = {
    "CLASSIFY_URL": "/v1/classify",
    "OUTCOMES_URL": "/v1/outcomes",
    "CORRECTIONS_URL": "/v1/corrections",
}
"""The path of each function's address, which is also what the function says of itself."""

_A_PROJECT = "Check SUPABASE_URL; a paused project is resumed in the Dashboard."


def addresses(deployment: Deployment) -> Iterator[Finding]:
    """Ask Supabase, the database and each function for something that needs no right."""
    yield from _supabase(deployment)
    yield _database(deployment)
    for name, path in PATHS.items():
        yield _function(deployment, name, path)


def _supabase(deployment: Deployment) -> Iterator[Finding]:
    for subject, path in (("Supabase, REST", "/rest/v1/"), ("Supabase, signing keys", JWKS)):
        try:
            answer = deployment.http.get(f"{deployment.supabase_url}{path}")
        except NotGiven as gap:
            yield skipped(subject, str(gap), gap.remediation)
        except httpx.HTTPError as error:
            yield wrong(subject, f"does not answer ({type(error).__name__})", _A_PROJECT)
        else:
            yield _project(subject, answer, path == JWKS)


def _project(subject: str, answer: httpx.Response, must_succeed: bool) -> Finding:
    """Without a key, the REST address of a project refuses, which is an answer too."""
    if answer.is_server_error or (must_succeed and not _has_keys(answer)):
        return wrong(
            subject, f"answers {answer.status_code}, unlike a Supabase project", _A_PROJECT
        )
    return ok(subject, "answers")


def _has_keys(answer: httpx.Response) -> bool:
    try:
        return answer.is_success and isinstance(answer.json()["keys"], list)
    except (ValueError, KeyError, TypeError):
        return False


def _database(deployment: Deployment) -> Finding:
    try:
        deployment.query("select 1")
    except NotGiven as gap:
        return skipped("database", str(gap), gap.remediation)
    except psycopg.Error as error:
        return wrong(
            "database",
            f"lets nobody in ({type(error).__name__})",
            "Check host, user and password of DATABASE_URL (Dashboard, Connect, Session pooler).",
        )
    return ok("database", "answers")


def _function(deployment: Deployment, name: str, path: str) -> Finding:
    url = getattr(deployment.settings, name.lower())
    if url is None:
        return skipped(name, "is not set", OR_NAME_THE_STAGE)
    parts = urlsplit(str(url))
    if parts.path != path:
        return wrong(name, "ends otherwise than a call does", f"Let it end in {path}.")
    try:
        answer = deployment.http.get(parts._replace(path="/openapi.json").geturl())
    except httpx.HTTPError as error:
        return wrong(
            name,
            f"does not answer ({type(error).__name__})",
            "Compare it with what `npx osls info --stage dev` shows.",
        )
    return _described(name, path, answer)


def wants_signature(answer: httpx.Response) -> bool:
    """Whether it is AWS that refuses, since it asks for its own signature (AWS_IAM)."""
    return answer.status_code == httpx.codes.FORBIDDEN and "x-amzn-errortype" in answer.headers


def _described(name: str, path: str, answer: httpx.Response) -> Finding:
    if wants_signature(answer):
        return ok(name, "answers, and asks for AWS's signature (AWS_IAM)")
    if not answer.is_success:
        return wrong(
            name,
            f"answers {answer.status_code}",
            "The function may fail at its start: `npx osls logs --function NAME --stage dev`.",
        )
    try:
        described = path in answer.json()["paths"]
    except (ValueError, KeyError, TypeError):
        described = False
    if not described:
        return wrong(
            name,
            "is the address of something else",
            "Compare it with what `npx osls info --stage dev` shows.",
        )
    return ok(name, "answers")
