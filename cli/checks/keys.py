"""Check that each setting holds a key of the expected type."""

import hashlib
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cli.checks.deployment import SET_OR_USE_STAGE, Deployment, reveal
from cli.checks.key_types import KeyType, detect_key_type, read_claims
from cli.checks.results import CheckResult, ok, skipped, wrong

EXPECTED_TYPES: dict[str, tuple[KeyType, ...]] = {
    "SUPABASE_PUBLISHABLE_KEY": ("a publishable key", "a legacy anon key"),
    "SUPABASE_SECRET_KEY": ("a secret key", "a legacy service role key"),
    "SUPABASE_SIGNING_KEY": ("a private JWK", "a shared secret"),
    "SUPABASE_JWT_SECRET": ("a shared secret",),
    "API_KEY": ("a shared secret",),
}
"""The types that each setting accepts, the recommended one first."""

_PRIVILEGED: tuple[KeyType, ...] = ("a secret key", "a legacy service role key", "a private JWK")
_OPTIONAL = "SUPABASE_JWT_SECRET"
_REMEDIATIONS = {"API_KEY": "Set it to your backend's key."}
_HASH = re.compile(r"[0-9a-f]{64}")


def keys(deployment: Deployment) -> Iterator[CheckResult]:
    """Check the keys by their format alone, without a request."""
    for name in EXPECTED_TYPES:
        key = _key(deployment, name)
        if key is not None:
            yield _check(deployment, name, key)
        elif name != _OPTIONAL:
            yield skipped(name, "is not set", _REMEDIATIONS.get(name, SET_OR_USE_STAGE))
    yield _check_hashes(deployment)


def key_of_expected_type(deployment: Deployment, name: str) -> str | None:
    """Return a setting's key, or None if it is missing or of the wrong type."""
    key = _key(deployment, name)
    return key if key is not None and detect_key_type(key) in EXPECTED_TYPES[name] else None


def _key(deployment: Deployment, name: str) -> str | None:
    return reveal(getattr(deployment.settings, name.lower()))


def _check(deployment: Deployment, name: str, key: str) -> CheckResult:
    key_type = detect_key_type(key)
    if key_type not in EXPECTED_TYPES[name]:
        message = f"is {key_type}; expected {EXPECTED_TYPES[name][0]}"
        return wrong(name, message, _replacement(name, key_type))
    claims, now = read_claims(key), time.time()
    if claims.get("exp", now) < now:
        return wrong(name, f"is {key_type} that has expired", "Replace it: Dashboard, API Keys.")
    if _is_of_another_project(deployment, claims):
        return wrong(name, "belongs to another project", "Copy it from this project's Dashboard.")
    if key_type.startswith("a legacy"):
        return ok(name, f"is {key_type}, which Supabase deprecates by the end of 2026")
    return ok(name, f"is {key_type}")


def _replacement(name: str, key_type: KeyType) -> str:
    remediation = f"Set it to {EXPECTED_TYPES[name][0]} (docs/how-to/deploy.md, step 2)."
    if name == "SUPABASE_PUBLISHABLE_KEY" and key_type in _PRIVILEGED:
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
