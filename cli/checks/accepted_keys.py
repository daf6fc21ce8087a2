"""Check that the project accepts the keys, and trusts the key that functions sign with."""

from collections.abc import Iterator

import httpx

from cli.checks.deployment import Deployment
from cli.checks.key_types import read_claims
from cli.checks.keys import key_of_expected_type
from cli.checks.results import CheckResult, ok, skipped, wrong
from prompt_capture.adapters.supabase.access import RoleTokenSigner
from prompt_capture.bootstrap import WRITER_ROLE

_PUBLISHABLE, _SECRET, _SIGNING = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
)
_NO_SUCH_ROLE, _NO_SUCH_TABLE = "22023", frozenset({"42P01", "PGRST205"})


def accepted_keys(deployment: Deployment) -> Iterator[CheckResult]:
    """Request zero rows with each key. Only a refusal by the database carries an error code."""
    for name in (_PUBLISHABLE, _SECRET):
        yield check_acceptance(deployment, name)
    yield _signing_key(deployment)


def check_acceptance(deployment: Deployment, name: str) -> CheckResult:
    """Try a publishable or a secret key, unless it is of the wrong type."""
    key = key_of_expected_type(deployment, name)
    if key is None:
        return skipped(name, "is not set or of the wrong type", "See `keys`.")
    response = _request(deployment, "intent_catalogue?limit=0", _headers(key))
    if response.is_success or _error_code(response):
        return ok(name, "is accepted")
    if response.status_code == 401:
        return wrong(
            name,
            "is rejected by the project",
            "Copy it from this project (Dashboard, Settings, API Keys); it may be deleted.",
        )
    message = f"the project returns HTTP {response.status_code}"
    return skipped(name, message, "See `endpoints`.")


def _signing_key(deployment: Deployment) -> CheckResult:
    signing_key = key_of_expected_type(deployment, _SIGNING)
    publishable = key_of_expected_type(deployment, _PUBLISHABLE)
    if signing_key is None or publishable is None:
        return skipped(
            _SIGNING, "it or the publishable key is not set or of the wrong type", "See `keys`."
        )
    signer = RoleTokenSigner(signing_key, WRITER_ROLE, f"{deployment.supabase_url}/auth/v1")
    headers = {"apikey": publishable, "Authorization": f"Bearer {signer.token()}"}
    return _trust(_request(deployment, "nlu_prompt_logs?select=id&limit=0", headers))


def _trust(response: httpx.Response) -> CheckResult:
    code = _error_code(response)
    if response.is_success:
        return ok(_SIGNING, f"is trusted, and {WRITER_ROLE} can write")
    if code == _NO_SUCH_ROLE or code in _NO_SUCH_TABLE:
        return wrong(_SIGNING, f"is trusted, but {WRITER_ROLE} is missing", "`supabase db push`")
    if code.startswith("PGRST3"):
        return wrong(
            _SIGNING,
            f"signs tokens that the project rejects ({code})",
            "If `clock` is ok, import it as a standby key and rotate to it (Dashboard, JWT keys).",
        )
    message = f"the project returns HTTP {response.status_code} {code}".rstrip()
    return skipped(_SIGNING, message, "See the results above.")


def _request(deployment: Deployment, path: str, headers: dict[str, str]) -> httpx.Response:
    return deployment.http.get(f"{deployment.rest_url}/{path}", headers=headers)


def _headers(key: str) -> dict[str, str]:
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if read_claims(key) else {})


def _error_code(response: httpx.Response) -> str:
    """Return the error code of PostgREST or the database; Supabase's gateway sends none."""
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code") or "") if isinstance(body, dict) else ""
