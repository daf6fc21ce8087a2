"""Whether the project takes the keys, and trusts the key that functions sign by."""

from collections.abc import Iterator

import httpx

from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.key_types import claims_of
from cli.checks.keys import belongs
from prompt_capture.adapters.supabase_access import RoleTokenSigner
from prompt_capture.bootstrap import WRITER_ROLE

_PUBLISHABLE, _SECRET, _SIGNING = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
)
_NO_SUCH_ROLE, _NO_SUCH_TABLE = "22023", frozenset({"42P01", "PGRST205"})


def keys_taken(deployment: Deployment) -> Iterator[Finding]:
    """Ask for no row of a table with each key, and see who refuses: the edge or the database."""
    for name in (_PUBLISHABLE, _SECRET):
        yield taken(deployment, name)
    yield _signing(deployment)


def taken(deployment: Deployment, name: str) -> Finding:
    """Try a publishable or a secret key, unless it is of the wrong kind."""
    key = belongs(deployment, name)
    if key is None:
        return skipped(name, "is not there or of the wrong kind", "See `keys`.")
    answer = _asked(deployment, "intent_catalogue?limit=0", _headers(key))
    if answer.is_success or _code(answer):
        return ok(name, "is taken")
    if answer.status_code == 401:
        return wrong(
            name,
            "is refused by the project",
            "Take it from this project (Dashboard, Settings, API Keys); it may be deleted.",
        )
    return skipped(name, f"the project answers {answer.status_code}", "See `addresses`.")


def _signing(deployment: Deployment) -> Finding:
    signing_key, publishable = belongs(deployment, _SIGNING), belongs(deployment, _PUBLISHABLE)
    if signing_key is None or publishable is None:
        return skipped(
            _SIGNING, "it or the publishable key is not there or of the wrong kind", "See `keys`."
        )
    signer = RoleTokenSigner(signing_key, WRITER_ROLE, f"{deployment.supabase_url}/auth/v1")
    headers = {"apikey": publishable, "Authorization": f"Bearer {signer.token()}"}
    return _trusted(_asked(deployment, "nlu_prompt_logs?select=id&limit=0", headers))


def _trusted(answer: httpx.Response) -> Finding:
    code = _code(answer)
    if answer.is_success:
        return ok(_SIGNING, f"is trusted, and {WRITER_ROLE} may write")
    if code == _NO_SUCH_ROLE or code in _NO_SUCH_TABLE:
        return wrong(_SIGNING, f"is trusted, but {WRITER_ROLE} is missing", "`supabase db push`")
    if code.startswith("PGRST3"):
        return wrong(
            _SIGNING,
            f"signs what the project refuses ({code})",
            "If `clock` is ok: import it as standby key, and rotate to it (Dashboard, JWT keys).",
        )
    return skipped(
        _SIGNING, f"the project answers {answer.status_code} {code}", "See the findings above."
    )


def _asked(deployment: Deployment, path: str, headers: dict[str, str]) -> httpx.Response:
    return deployment.http.get(f"{deployment.rest_url}/{path}", headers=headers)


def _headers(key: str) -> dict[str, str]:
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if claims_of(key) else {})


def _code(answer: httpx.Response) -> str:
    """Answer the code by which PostgREST and the database refuse; the edge has none."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("code") or "") if isinstance(body, dict) else ""
