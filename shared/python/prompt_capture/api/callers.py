"""Who calls: a backend with a key of this deployment, or a user with a Supabase token."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.datastructures import Headers

from prompt_capture.api.errors import ApiError
from prompt_capture.api.tokens import InvalidToken, KeysUnavailable, TokenUser, TokenVerifier

_SCHEMES = (
    APIKeyHeader(
        name="X-Api-Key",
        scheme_name="ApiKey",
        description="A key of this deployment, for backends.",
    ),
    HTTPBearer(
        scheme_name="SupabaseToken",
        bearerFormat="JWT",
        description="A user's Supabase access token.",
    ),
    APIKeyHeader(
        name="X-User-Token",
        scheme_name="UserToken",
        description="The same token, where `Authorization` is taken by AWS_IAM.",
    ),
)
SECURITY_SCHEMES = {
    scheme.scheme_name: scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    for scheme in _SCHEMES
}
"""What OpenAPI says of the credentials. As dependencies they would be solved for each request."""

KEY_ONLY: dict[str, Any] = {"security": [{"ApiKey": []}]}
KEY_OR_TOKEN: dict[str, Any] = {"security": [{name: []} for name in SECURITY_SCHEMES]}
"""A route's `openapi_extra`: which of them it takes."""


class Callers:
    """Knows this deployment's callers.

    `api_key_hashes` are SHA-256 digests in hex: the keys are random and long, so that a slow
    hash would protect nothing. All are compared, in constant time.
    """

    def __init__(self, tokens: TokenVerifier, api_key_hashes: Sequence[str]) -> None:
        self._tokens = tokens
        self._api_key_hashes = tuple(api_key_hashes)

    def backend_or_user(self, headers: Headers) -> TokenUser | None:
        """Answer the user whose token came, or None where a backend called with its key.

        An empty header counts as a wrong credential, not as none.
        """
        if "x-api-key" in headers:
            self.require_backend(headers)
            return None
        token = _token(headers)
        if token is None:
            raise ApiError(
                401,
                "credentials_missing",
                "The request does not say who calls.",
                "Send a Supabase access token as `Authorization: Bearer ...`, "
                "or this deployment's key as `X-Api-Key`.",
            )
        return self._verify(token)

    def require_backend(self, headers: Headers) -> None:
        """Refuse whoever has no API key of this deployment."""
        api_key = headers.get("x-api-key")
        if api_key is None:
            raise ApiError(
                401,
                "api_key_missing",
                "Only a backend with an API key may call this.",
                "Send this deployment's key as `X-Api-Key`.",
            )
        digest = hashlib.sha256(api_key.encode()).hexdigest()
        matches = [hmac.compare_digest(digest, known) for known in self._api_key_hashes]
        if True not in matches:
            raise ApiError(
                401,
                "api_key_invalid",
                "The API key is not one of this deployment.",
                "Check the key, and that it was not rotated out.",
            )

    def _verify(self, token: str) -> TokenUser:
        try:
            return self._tokens.verify(token)
        except InvalidToken as error:
            raise ApiError(
                401, "token_invalid", str(error), "Sign in again and send a fresh access token."
            ) from None
        except KeysUnavailable as error:
            raise ApiError(503, "keys_unavailable", str(error), "Try again in a moment.") from None


def _token(headers: Headers) -> str | None:
    """Answer the user's token; `X-User-Token` goes before `Authorization`."""
    token = headers.get("x-user-token")
    if token is not None:
        return token
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value if scheme.lower() == "bearer" else None
