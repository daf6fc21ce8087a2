"""The checks `keys` and `accepted keys`: each key has its type, and the project accepts it."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import jwt

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
from prompt_capture.bootstrap import WRITER_ROLE

KeyType = Literal[
    "a publishable key",
    "a secret key",
    "a legacy anon key",
    "a legacy service role key",
    "a user's token",
    "a private JWK",
    "a public JWK",
    "a shared secret",
    "not a key",
]

_PUBLISHABLE, _SECRET, _SIGNING = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
)
_MIN_SECRET_LENGTH = 32
_LEGACY_ROLES: dict[object, KeyType] = {
    "anon": "a legacy anon key",
    "service_role": "a legacy service role key",
}

EXPECTED_TYPES: dict[str, tuple[KeyType, ...]] = {
    _PUBLISHABLE: ("a publishable key", "a legacy anon key"),
    _SECRET: ("a secret key", "a legacy service role key"),
    _SIGNING: ("a private JWK", "a shared secret"),
    "SUPABASE_JWT_SECRET": ("a shared secret",),
    "API_KEY": ("a shared secret",),
}
"""The types that each setting accepts, the recommended one first."""

_PRIVILEGED: tuple[KeyType, ...] = ("a secret key", "a legacy service role key", "a private JWK")
_OPTIONAL = "SUPABASE_JWT_SECRET"
_REMEDIATIONS = {"API_KEY": "Set it to your backend's key."}
_HASH = re.compile(r"[0-9a-f]{64}")
_NO_SUCH_ROLE, _NO_SUCH_TABLE = "22023", frozenset({"42P01", "PGRST205"})


def keys(deployment: Deployment) -> Iterator[CheckResult]:
    """Check the keys by their format alone, without a request."""
    for name in EXPECTED_TYPES:
        key = _key(deployment, name)
        if key is not None:
            yield _check_type(deployment, name, key)
        elif name != _OPTIONAL:
            yield skipped(name, "is not set", _REMEDIATIONS.get(name, SET_OR_USE_STAGE))
    yield _check_hashes(deployment)


def key_of_expected_type(deployment: Deployment, name: str) -> str | None:
    """Return a setting's key, or None if it is missing or of the wrong type."""
    key = _key(deployment, name)
    return key if key is not None and detect_key_type(key) in EXPECTED_TYPES[name] else None


def _key(deployment: Deployment, name: str) -> str | None:
    return reveal(getattr(deployment.settings, name.lower()))


def _check_type(deployment: Deployment, name: str, key: str) -> CheckResult:
    key_type = detect_key_type(key)
    if key_type not in EXPECTED_TYPES[name]:
        message = f"is {key_type}; expected {EXPECTED_TYPES[name][0]}"
        return wrong(name, message, _replacement(name, key_type))
    claims, now = _read_claims(key), time.time()
    if claims.get("exp", now) < now:
        return wrong(name, f"is {key_type} that has expired", "Replace it: Dashboard, API Keys.")
    if _is_of_another_project(deployment, claims):
        return wrong(name, "belongs to another project", "Copy it from this project's Dashboard.")
    if key_type.startswith("a legacy"):
        return ok(name, f"is {key_type}, which Supabase deprecates by the end of 2026")
    return ok(name, f"is {key_type}")


def _replacement(name: str, key_type: KeyType) -> str:
    remediation = f"Set it to {EXPECTED_TYPES[name][0]} (docs/how-to/deploy.md, step 2)."
    if name == _PUBLISHABLE and key_type in _PRIVILEGED:
        return (
            f"{remediation} Rotate the exposed key too: it lets anyone who has seen it read "
            "every row."
        )
    return remediation


def _is_of_another_project(deployment: Deployment, claims: dict[str, object]) -> bool:
    """Compare the project that a legacy key of a hosted project names with SUPABASE_URL."""
    host = urlsplit(str(deployment.settings.supabase_url or "")).hostname or ""
    is_hosted = host.endswith(".supabase.co")
    return is_hosted and "ref" in claims and claims["ref"] != host.partition(".")[0]


def _check_hashes(deployment: Deployment) -> CheckResult:
    value = reveal(deployment.settings.api_key_hashes)
    if value is None:
        return skipped("API_KEY_HASHES", "is not set", SET_OR_USE_STAGE)
    hashes = [part.strip() for part in value.split(",")]
    if len(hashes) > 2 or not all(_HASH.fullmatch(part) for part in hashes):
        return wrong(
            "API_KEY_HASHES",
            "is not one or two SHA-256 hashes in hex",
            "Hash each key: `printf %s \"$KEY\" | sha256sum | cut -d' ' -f1`.",
        )
    key = reveal(deployment.settings.api_key)
    if key is not None and hashlib.sha256(key.encode()).hexdigest() not in hashes:
        return wrong(
            "API_KEY_HASHES",
            "does not contain the hash of API_KEY",
            "Use the other key, or add this key's hash (docs/how-to/rotate-keys.md).",
        )
    return ok("API_KEY_HASHES", f"has {len(hashes)} of at most two hashes")


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
    return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if _read_claims(key) else {})


def _error_code(response: httpx.Response) -> str:
    """Return the error code of PostgREST or the database; Supabase's gateway sends none."""
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code") or "") if isinstance(body, dict) else ""


def detect_key_type(key: str) -> KeyType:
    """Return a key's type. Tokens are decoded, not verified."""
    if key.startswith("sb_publishable_"):
        return "a publishable key"
    if key.startswith("sb_secret_"):
        return "a secret key"
    if key.lstrip().startswith("{"):
        return _detect_jwk_type(key)
    claims = _read_claims(key)
    if claims:
        return _LEGACY_ROLES.get(claims.get("role"), "a user's token")
    return "a shared secret" if len(key) >= _MIN_SECRET_LENGTH else "not a key"


def _read_claims(key: str) -> dict[str, Any]:
    """Return the claims of a token, without verifying it; empty if the key is not a token."""
    try:
        claims: dict[str, Any] = jwt.decode(key, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}
    return claims


def _detect_jwk_type(key: str) -> KeyType:
    try:
        jwk = json.loads(key)
        jwt.PyJWK(jwk)
    except (ValueError, jwt.PyJWTError):
        return "not a key"
    return "a private JWK" if jwk.keys() & {"d", "k"} else "a public JWK"
