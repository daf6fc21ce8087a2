"""Authenticate callers: backends and operators by a key, users by a Supabase access token."""

import hashlib
import hmac
import re
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
        description="An API key of this deployment, for backends, or an operator key.",
    ),
    HTTPBearer(
        scheme_name="SupabaseToken",
        bearerFormat="JWT",
        description="A user's Supabase access token.",
    ),
    APIKeyHeader(
        name="X-User-Token",
        scheme_name="UserToken",
        description="The same token, where AWS_IAM uses the `Authorization` header.",
    ),
)
SECURITY_SCHEMES = {
    scheme.scheme_name: scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    for scheme in _SCHEMES
}
"""The OpenAPI security schemes. As FastAPI dependencies, every request would resolve them."""

_SCHEME = re.compile(r"\A(?:bearer[ \t]+)+", re.IGNORECASE)
_JWT_DOTS = 2

KEY_ONLY: dict[str, Any] = {"security": [{"ApiKey": []}]}
"""The `openapi_extra` of a route that accepts API keys only."""

KEY_OR_TOKEN: dict[str, Any] = {"security": [{name: []} for name in SECURITY_SCHEMES]}
"""The `openapi_extra` of a route that accepts API keys and user tokens."""


class Authenticator:
    """Authenticates the callers of this deployment.

    `api_key_hashes` and `operator_key_hashes` are SHA-256 digests in hex. Keys are long and random,
    so a slow hash would not protect them better. A key is compared with every hash, in constant
    time.
    """

    def __init__(
        self,
        tokens: TokenVerifier,
        api_key_hashes: Sequence[str],
        operator_key_hashes: Sequence[str] = (),
    ) -> None:
        self._tokens = tokens
        self._api_key_hashes = tuple(api_key_hashes)
        self._operator_key_hashes = tuple(operator_key_hashes)

    def authenticate(self, headers: Headers) -> TokenUser | None:
        """Return the user of the request's token, or None for a backend with a valid API key.

        An empty header is an invalid credential, not a missing one. Raise `ApiError`.
        """
        if "x-api-key" in headers:
            self.require_backend(headers)
            return None
        return self._verify_token(headers)

    def authenticate_operator(self, headers: Headers) -> TokenUser | None:
        """Return the operator of the request's token, or None for a valid operator key.

        Raise `ApiError`, for an API key of a backend too.
        """
        api_key = headers.get("x-api-key")
        if api_key is None:
            user = self._verify_token(headers)
            if not user.is_operator:
                raise _not_an_operator()
            return user
        if not _has_hash(api_key, self._operator_key_hashes):
            self.require_backend(headers)
            raise _not_an_operator()
        return None

    def require_backend(self, headers: Headers) -> None:
        """Raise `ApiError` unless the request has a valid API key of this deployment."""
        api_key = headers.get("x-api-key")
        if api_key is None:
            raise ApiError(
                401,
                "api_key_missing",
                "This endpoint requires an API key.",
                "Send an API key of this deployment as `X-Api-Key`.",
            )
        if not _has_hash(api_key, self._api_key_hashes):
            raise ApiError(
                401,
                "api_key_invalid",
                "The API key is not valid for this deployment.",
                "Check the key, and whether it was replaced by a newer one.",
            )

    def _verify_token(self, headers: Headers) -> TokenUser:
        token = read_token(headers)
        if token is None:
            raise ApiError(
                401,
                "credentials_missing",
                "The request has no credentials.",
                "Send a Supabase access token as `Authorization: Bearer ...`, "
                "or an API key of this deployment as `X-Api-Key`.",
            )
        if token.count(".") != _JWT_DOTS:
            raise ApiError(
                401,
                "token_invalid",
                "The token is not a Supabase access token.",
                "Send the access token of the user's session, or an API key as `X-Api-Key`.",
            )
        try:
            return self._tokens.verify(token)
        except InvalidToken as error:
            raise ApiError(401, "token_invalid", str(error), error.hint) from None
        except KeysUnavailable as error:
            raise ApiError(
                503,
                "keys_unavailable",
                str(error),
                "Send the same request again in a moment. The token need not be renewed.",
                error.retry_after_seconds,
            ) from None


def _not_an_operator() -> ApiError:
    return ApiError(
        403,
        "not_an_operator",
        "Only operators can see and change which model serves.",
        "Send an operator key as `X-Api-Key`, or a token with "
        '"role": "operator" in its app_metadata.',
    )


def _has_hash(key: str, hashes: Sequence[str]) -> bool:
    if not key.strip():
        return False
    digest = hashlib.sha256(key.encode()).hexdigest()
    return True in [hmac.compare_digest(digest, known) for known in hashes]


def read_token(headers: Headers) -> str | None:
    """Return the user's token. `X-User-Token` takes precedence over `Authorization`.

    The word `Bearer` before the token is ignored in both, also with several spaces behind it.
    """
    token = headers.get("x-user-token")
    if token is None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
    return _SCHEME.sub("", token.strip(" \t"))
