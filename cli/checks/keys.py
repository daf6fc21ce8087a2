"""The checks `keys` and `accepted keys`: each key has its type, and the project accepts it."""

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from cli.checks.interface import (
    SET_OR_USE_STAGE,
    CheckResult,
    Deployment,
    ok,
    reveal,
    skipped,
    wrong,
)
from prompt_capture.adapters.supabase.access import RoleTokenSigner
from prompt_capture.adapters.supabase.keys import (
    EXPECTED_TYPES,
    JWT_SECRET,
    PUBLISHABLE,
    SECRET,
    SIGNING,
    KeyType,
    UnusableKey,
    check_sendable,
    detect_key_type,
    is_hosted,
    parse_signing_key,
    read_claims,
    restore_key,
    usable_jwt_secret,
    usable_key,
)
from prompt_capture.bootstrap.access import WRITER_ROLE
from prompt_capture.domain.keys import KEY_HASH, is_hash_of_no_key, split_hashes

_REMEDIATIONS = {
    "API_KEY": "Set it to your backend's key.",
    "OPERATOR_KEY": "Set it to an operator's key.",
}
"""The keys of this deployment, and what to do where one is missing or unusable."""

_NO_SUCH_ROLE, _NO_SUCH_TABLE = "22023", frozenset({"42P01", "PGRST205"})


def keys(deployment: Deployment) -> Iterator[CheckResult]:
    """Check the keys by their format alone, without a request."""
    for name in (*EXPECTED_TYPES, *_REMEDIATIONS):
        key = _key(deployment, name)
        if key is not None:
            yield _check_type(deployment, name, key)
        elif name != JWT_SECRET:
            yield skipped(name, "is not set", _REMEDIATIONS.get(name, SET_OR_USE_STAGE))
    for name in _REMEDIATIONS:
        yield _check_hashes(deployment, name)
    if shared := {*_hashes(deployment, "API_KEY")} & {*_hashes(deployment, "OPERATOR_KEY")}:
        yield wrong(
            "OPERATOR_KEY_HASHES",
            f"has {len(shared)} of the hashes in API_KEY_HASHES",
            "Generate a key for operators alone (docs/how-to/deploy.md, step 2).",
        )


def usable_key_or_none(deployment: Deployment, name: str) -> str | None:
    """Return a setting's key, or None if it is missing or unusable."""
    key = _key(deployment, name)
    try:
        return key if key is not None and _read_type(name, key) else None
    except UnusableKey:
        return None


def _key(deployment: Deployment, name: str) -> str | None:
    """Return a setting's key, or None if it is missing."""
    key = reveal(getattr(deployment.settings, name.lower()))
    return restore_key(key) if key is not None and name in EXPECTED_TYPES else key


def _read_type(name: str, key: str) -> KeyType:
    """Return the type of a setting's key. Raise `UnusableKey`, as the functions do."""
    if name == SIGNING:
        return parse_signing_key(key).key_type
    key_type = detect_key_type(key)
    if name in _REMEDIATIONS:
        if key_type in ("a shared secret", "not a key"):
            check_sendable(name, key)
        if key_type != "a shared secret":
            problem = f"is {key_type}; expected a shared secret"
            raise UnusableKey(name, problem, _REMEDIATIONS[name])
    else:
        usable_key(name, key)
    return key_type


def _check_type(deployment: Deployment, name: str, key: str) -> CheckResult:
    try:
        key_type = _read_type(name, key)
        if name == JWT_SECRET:
            usable_jwt_secret(key, str(deployment.settings.supabase_url or ""))
    except UnusableKey as error:
        return wrong(name, error.problem, error.remedy)
    if _is_of_another_project(deployment, read_claims(key)):
        return wrong(name, "belongs to another project", "Copy it from this project's Dashboard.")
    if key_type.startswith("a legacy"):
        return ok(name, f"is {key_type}, which Supabase deprecates by the end of 2026")
    return ok(name, f"is {key_type}")


def _is_of_another_project(deployment: Deployment, claims: dict[str, object]) -> bool:
    """Compare the project that a legacy key of a hosted project names with SUPABASE_URL."""
    url = str(deployment.settings.supabase_url or "")
    reference = (urlsplit(url).hostname or "").partition(".")[0]
    return is_hosted(url) and "ref" in claims and claims["ref"] != reference


def _hashes(deployment: Deployment, name: str) -> list[str]:
    value = reveal(getattr(deployment.settings, f"{name.lower()}_hashes"))
    return split_hashes(value) if value else []


def _check_hashes(deployment: Deployment, name: str) -> CheckResult:
    setting, hashes = f"{name}_HASHES", _hashes(deployment, name)
    if not hashes:
        return skipped(setting, "is not set", SET_OR_USE_STAGE)
    if len(hashes) > 2 or not all(KEY_HASH.fullmatch(part) for part in hashes):
        return wrong(
            setting,
            "is not one or two SHA-256 hashes in hex",
            "Hash each key: `printf %s \"$KEY\" | sha256sum | cut -d' ' -f1`.",
        )
    if any(map(is_hash_of_no_key, hashes)):
        return wrong(
            setting,
            "has the hash of an empty key or of a variable's name, which anyone can send",
            "Hash the key itself, and restart the functions (docs/how-to/rotate-keys.md).",
        )
    key = usable_key_or_none(deployment, name)
    if key is not None and hashlib.sha256(key.encode()).hexdigest() not in hashes:
        return wrong(
            setting,
            f"does not contain the hash of {name}",
            "Use the other key, or add this key's hash (docs/how-to/rotate-keys.md).",
        )
    return ok(setting, f"has {len(hashes)} of at most two hashes")


def accepted_keys(deployment: Deployment) -> Iterator[CheckResult]:
    """Request zero rows with each key. Only a refusal by the database carries an error code."""
    for name in (PUBLISHABLE, SECRET):
        yield check_acceptance(deployment, name)
    yield _signing_key(deployment)


def check_acceptance(deployment: Deployment, name: str) -> CheckResult:
    """Try a publishable or a secret key, unless it is of the wrong type."""
    key = usable_key_or_none(deployment, name)
    if key is None:
        return skipped(name, "is not set or unusable", "See `keys`.")
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
    signing_key = usable_key_or_none(deployment, SIGNING)
    publishable = usable_key_or_none(deployment, PUBLISHABLE)
    if signing_key is None or publishable is None:
        return skipped(SIGNING, "it or the publishable key is not set or unusable", "See `keys`.")
    signer = RoleTokenSigner(signing_key, WRITER_ROLE, f"{deployment.supabase_url}/auth/v1")
    headers = {"apikey": publishable, "Authorization": f"Bearer {signer.token()}"}
    return _trust(_request(deployment, "nlu_prompt_logs?select=id&limit=0", headers))


def _trust(response: httpx.Response) -> CheckResult:
    code = _error_code(response)
    if response.is_success:
        return ok(SIGNING, f"is trusted, and {WRITER_ROLE} can write")
    if code == _NO_SUCH_ROLE or code in _NO_SUCH_TABLE:
        return wrong(SIGNING, f"is trusted, but {WRITER_ROLE} is missing", "`supabase db push`")
    if code.startswith("PGRST3"):
        return wrong(
            SIGNING,
            f"signs tokens that the project rejects ({code})",
            "If `clock` is ok, import it as a standby key and rotate to it (Dashboard, JWT keys).",
        )
    message = f"the project returns HTTP {response.status_code} {code}".rstrip()
    return skipped(SIGNING, message, "See the results above.")


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
