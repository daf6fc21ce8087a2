"""Whether each key is of the kind that belongs where it lies."""

import hashlib
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cli.checks.deployment import OR_NAME_THE_STAGE, Deployment, reveal
from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.key_types import KeyType, claims_of, key_type_of

BELONGING: dict[str, tuple[KeyType, ...]] = {
    "SUPABASE_PUBLISHABLE_KEY": ("a publishable key", "a legacy anon key"),
    "SUPABASE_SECRET_KEY": ("a secret key", "a legacy service role key"),
    "SUPABASE_SIGNING_KEY": ("a private JWK", "a shared secret"),
    "SUPABASE_JWT_SECRET": ("a shared secret",),
    "API_KEY": ("a shared secret",),
}
"""What may lie in each setting; the first is what should."""

_POWERFUL: tuple[KeyType, ...] = ("a secret key", "a legacy service role key", "a private JWK")
_OPTIONAL = "SUPABASE_JWT_SECRET"
_GIVE = {"API_KEY": "Set it to your backend's key."}
_HASH = re.compile(r"[0-9a-f]{64}")


def keys(deployment: Deployment) -> Iterator[Finding]:
    """Judge the keys by their looks alone; no server is asked."""
    for name in BELONGING:
        key = key_of(deployment, name)
        if key is not None:
            yield _judged(deployment, name, key)
        elif name != _OPTIONAL:
            yield skipped(name, "is not set", _GIVE.get(name, OR_NAME_THE_STAGE))
    yield _hashes(deployment)


def key_of(deployment: Deployment, name: str) -> str | None:
    """Answer what lies in a setting."""
    return reveal(getattr(deployment.settings, name.lower()))


def belongs(deployment: Deployment, name: str) -> str | None:
    """Answer what lies in a setting if it is of a kind that belongs there."""
    key = key_of(deployment, name)
    return key if key is not None and key_type_of(key) in BELONGING[name] else None


def _judged(deployment: Deployment, name: str, key: str) -> Finding:
    kind = key_type_of(key)
    if kind not in BELONGING[name]:
        return wrong(name, f"is {kind}, not {BELONGING[name][0]}", _remediation(name, kind))
    claims, now = claims_of(key), time.time()
    if claims.get("exp", now) < now:
        return wrong(name, f"is {kind} that has expired", "Replace it: Dashboard, API Keys.")
    if _is_of_another_project(deployment, claims):
        return wrong(name, "belongs to another project", "Take it from this project's Dashboard.")
    if kind.startswith("a legacy"):
        return ok(name, f"is {kind}, which Supabase deprecates by the end of 2026")
    return ok(name, f"is {kind}")


def _remediation(name: str, kind: KeyType) -> str:
    remediation = f"Put {BELONGING[name][0]} there (docs/deploy.md, step 2)."
    if name == "SUPABASE_PUBLISHABLE_KEY" and kind in _POWERFUL:
        return f"{remediation} Replace the other one too, since whoever saw it can read every row."
    return remediation


def _is_of_another_project(deployment: Deployment, claims: dict[str, object]) -> bool:
    """Legacy keys of hosted projects name theirs."""
    host = urlsplit(str(deployment.settings.supabase_url or "")).hostname or ""
    is_hosted = host.endswith(".supabase.co")
    return is_hosted and "ref" in claims and claims["ref"] != host.partition(".")[0]


def _hashes(deployment: Deployment) -> Finding:
    given = reveal(deployment.settings.api_key_hashes)
    if given is None:
        return skipped("API_KEY_HASHES", "is not set", OR_NAME_THE_STAGE)
    hashes = [part.strip() for part in given.split(",")]
    if len(hashes) > 2 or not all(_HASH.fullmatch(one) for one in hashes):
        return wrong(
            "API_KEY_HASHES",
            "is not one or two SHA-256 in hex",
            "Hash each key: `printf %s \"$KEY\" | sha256sum | cut -d' ' -f1`.",
        )
    key = reveal(deployment.settings.api_key)
    if key is not None and hashlib.sha256(key.encode()).hexdigest() not in hashes:
        return wrong(
            "API_KEY_HASHES",
            "does not hold the hash of API_KEY",
            "Call with the other key, or add its hash (docs/deploy.md, Rotate a key).",
        )
    return ok("API_KEY_HASHES", f"holds {len(hashes)} of at most two")
