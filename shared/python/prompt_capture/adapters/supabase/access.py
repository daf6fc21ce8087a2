"""Authenticate a function to Supabase, by a self-signed role token or by the secret key."""

import time
from collections.abc import Generator

import httpx
import jwt
from pydantic import SecretStr

from prompt_capture.adapters.supabase.keys import (
    PUBLISHABLE,
    SECRET,
    parse_signing_key,
    usable_key,
)
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.supabase import SupabaseSettings

TOKEN_LIFETIME_SECONDS = 300
_RENEW_BEFORE_SECONDS = 60


class RoleTokenSigner:
    """Signs short-lived tokens for one database role, and reuses each until it almost expires.

    `signing_key` is a private JWK (ES256 or RS256, from `supabase gen signing-key`), or the HS256
    secret of a legacy project. Raise `UnusableKey`.
    """

    def __init__(self, signing_key: str, role: str, issuer: str) -> None:
        self._role = role
        self._issuer = issuer
        self._key = parse_signing_key(signing_key)
        self._token = ""
        self._expires_at = 0.0

    def token(self) -> str:
        """Return a token that is valid for at least a minute."""
        now = time.time()
        if now > self._expires_at - _RENEW_BEFORE_SECONDS:
            self._expires_at = now + TOKEN_LIFETIME_SECONDS
            claims = {
                "role": self._role,
                "iss": self._issuer,
                "iat": int(now),
                "exp": int(self._expires_at),
            }
            key = self._key
            self._token = jwt.encode(claims, key.key, key.algorithm, headers=key.headers)
        return self._token

    def invalidate(self) -> None:
        """Sign a new token for the next request, for example after a jump of the clock."""
        self._expires_at = 0.0


class SupabaseAccess(httpx.Auth):
    """Adds the authentication headers to each request.

    They suit a hosted project, a local one, and PostgREST alone. Raise `InvalidSettings` where a
    key is missing or unusable.
    """

    def __init__(self, settings: SupabaseSettings, role: str) -> None:
        self._publishable_key = _read_key(PUBLISHABLE, settings.supabase_publishable_key)
        self._secret_key = _read_key(SECRET, settings.supabase_secret_key)
        signing_key = _reveal(settings.supabase_signing_key)
        self._signer = RoleTokenSigner(signing_key, role, settings.issuer) if signing_key else None
        if not self._signer and not self._secret_key:
            raise InvalidSettings(
                "Set SUPABASE_SIGNING_KEY (preferred) or SUPABASE_SECRET_KEY: "
                "without one of them the function cannot access the database."
            )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add `apikey` and `Authorization` as Supabase's edge expects them.

        After a rejected role token, sign a new one and send the request once more.
        """
        api_key = self._publishable_key if self._signer else self._secret_key
        if api_key:
            request.headers["apikey"] = api_key
        token = self._signer.token() if self._signer else _legacy_token(self._secret_key)
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if self._signer and response.status_code == httpx.codes.UNAUTHORIZED:
            self._signer.invalidate()
            request.headers["Authorization"] = f"Bearer {self._signer.token()}"
            yield request


def _reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _read_key(setting: str, secret: SecretStr | None) -> str:
    return usable_key(setting, _reveal(secret))


def _legacy_token(secret_key: str) -> str:
    """Return a legacy service role key, which is a JWT, and nothing for a `sb_secret_` key.

    Supabase's edge replaces a `sb_secret_` key with a token itself.
    """
    return "" if secret_key.startswith("sb_") else secret_key
