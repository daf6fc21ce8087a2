"""Whether the project takes the keys, and trusts the key that functions sign by."""

from collections.abc import Iterator

import httpx

from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.keys import belongs
from cli.checks.kinds import claims_of
from cli.checks.place import Place
from prompt_capture.adapters.supabase_access import RoleTokenSigner
from prompt_capture.bootstrap import WRITER_ROLE

_PUBLISHABLE, _SECRET, _SIGNING = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
)
_NO_SUCH_ROLE, _NO_SUCH_TABLE = "22023", frozenset({"42P01", "PGRST205"})


def keys_taken(place: Place) -> Iterator[Finding]:
    """Ask for no row of a table with each key, and see who refuses: the edge or the database."""
    for name in (_PUBLISHABLE, _SECRET):
        yield taken(place, name)
    yield _signing(place)


def taken(place: Place, name: str) -> Finding:
    """Try a publishable or a secret key, unless it is of the wrong kind."""
    key = belongs(place, name)
    if key is None:
        return skipped(name, "is not there or of the wrong kind", "See `keys`.")
    answer = _asked(place, "intent_catalogue?limit=0", _headers(key))
    if answer.is_success or _code(answer):
        return ok(name, "is taken")
    if answer.status_code == 401:
        return wrong(
            name,
            "is refused by the project",
            "Take it from this project (Dashboard, Settings, API Keys); it may be deleted.",
        )
    return skipped(name, f"the project answers {answer.status_code}", "See `addresses`.")


def _signing(place: Place) -> Finding:
    signing_key, publishable = belongs(place, _SIGNING), belongs(place, _PUBLISHABLE)
    if signing_key is None or publishable is None:
        return skipped(
            _SIGNING, "it or the publishable key is not there or of the wrong kind", "See `keys`."
        )
    signer = RoleTokenSigner(signing_key, WRITER_ROLE, f"{place.supabase_url}/auth/v1")
    headers = {"apikey": publishable, "Authorization": f"Bearer {signer.token()}"}
    return _trusted(_asked(place, "nlu_prompt_logs?select=id&limit=0", headers))


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


def _asked(place: Place, path: str, headers: dict[str, str]) -> httpx.Response:
    return place.http.get(f"{place.rest_url}/{path}", headers=headers)


def _headers(key: str) -> dict[str, str]:
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if claims_of(key) else {})


def _code(answer: httpx.Response) -> str:
    """Answer the code by which PostgREST and the database refuse; the edge has none."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("code") or "") if isinstance(body, dict) else ""
