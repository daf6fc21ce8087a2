"""Who calls: a backend with a key of this deployment, or a user with a Supabase token."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from prompt_capture.api.errors import ApiError
from prompt_capture.api.tokens import InvalidToken, KeysUnavailable, TokenUser, TokenVerifier

_api_key = APIKeyHeader(
    name="X-Api-Key",
    scheme_name="ApiKey",
    description="A key of this deployment, for backends.",
    auto_error=False,
)
_bearer = HTTPBearer(
    scheme_name="SupabaseToken",
    bearerFormat="JWT",
    description="A user's Supabase access token.",
    auto_error=False,
)
_user_token = APIKeyHeader(
    name="X-User-Token",
    scheme_name="UserToken",
    description="The same token, where `Authorization` is taken by AWS_IAM.",
    auto_error=False,
)


@dataclass(frozen=True)
class Credentials:
    """What a request brought to prove who calls."""

    api_key: str | None
    token: str | None


async def credentials(request: Request) -> Credentials:
    """Collect a request's credentials; an empty header counts as a wrong credential, not as none.

    `X-User-Token` goes before `Authorization`.
    """
    token = request.headers.get("x-user-token")
    if token is None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = value if scheme.lower() == "bearer" else None
    return Credentials(request.headers.get("x-api-key"), token)


GivenCredentials = Annotated[Credentials, Depends(credentials)]

KEY_ONLY = [Depends(_api_key)]
KEY_OR_TOKEN = [Depends(_api_key), Depends(_bearer), Depends(_user_token)]
"""A route's `dependencies`, by which OpenAPI describes the credentials it takes."""


class Callers:
    """Knows this deployment's callers.

    `api_key_hashes` are SHA-256 digests in hex: the keys are random and long, so that a slow
    hash would protect nothing. All are compared, in constant time.
    """

    def __init__(self, tokens: TokenVerifier, api_key_hashes: Sequence[str]) -> None:
        self._tokens = tokens
        self._api_key_hashes = tuple(api_key_hashes)

    def backend_or_user(self, given: Credentials) -> TokenUser | None:
        """Answer the user whose token came, or None where a backend called with its key."""
        if given.api_key is not None:
            self.require_backend(given)
            return None
        if given.token is None:
            raise ApiError(
                401,
                "credentials_missing",
                "The request does not say who calls.",
                "Send a Supabase access token as `Authorization: Bearer ...`, "
                "or this deployment's key as `X-Api-Key`.",
            )
        return self._verify(given.token)

    def require_backend(self, given: Credentials) -> None:
        """Refuse whoever has no API key of this deployment."""
        if given.api_key is None:
            raise ApiError(
                401,
                "api_key_missing",
                "Only a backend with an API key may call this.",
                "Send this deployment's key as `X-Api-Key`.",
            )
        digest = hashlib.sha256(given.api_key.encode()).hexdigest()
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
