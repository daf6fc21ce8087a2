"""Verify Supabase access tokens locally, without a request to the Auth server."""

import asyncio
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt

_ASYMMETRIC = ("ES256", "RS256")
_AUDIENCE = _SIGNED_IN = "authenticated"
_REQUIRED_CLAIMS = ("exp", "sub", "aud", "iss")
_LEEWAY_SECONDS = 10
_JWKS_LIFESPAN_SECONDS = 600
_JWKS_TIMEOUT_SECONDS = 2
_JWKS_MAX_BYTES = 256 * 1024
_JWKS_RETRY_SECONDS = 5
_JWKS_COOLDOWN_SECONDS = 30
"""An unknown key id fetches the keys again, but not more often."""

_CLOCK_DIFFERENCE_SECONDS = 2
"""How much the clocks of this function and of the project differ at most, usually."""

_NOT_A_KEY_SET = (
    jwt.PyJWTError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    NotImplementedError,  # of PyJWT, for a key whose algorithm is none
)

logger = logging.getLogger(__name__)


class InvalidToken(Exception):
    """The token is not valid. The message gives the reason and no part of the token."""

    def __init__(
        self, message: str, hint: str = "Sign in again and send a new access token."
    ) -> None:
        super().__init__(message)
        self.hint = hint


class KeysUnavailable(Exception):
    """The public key that verifies the token is not available now."""

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class TokenUser:
    """The user of an access token."""

    user_id: UUID
    is_reviewer: bool
    is_operator: bool


class TokenVerifier:
    """Checks signature, algorithm, issuer, audience, expiry and role of a user's token.

    HS256 is accepted only with the legacy secret.
    """

    def __init__(self, supabase_url: str, legacy_secret: str | None = None) -> None:
        self._issuer = f"{supabase_url.rstrip('/')}/auth/v1"
        self._legacy_secret = legacy_secret
        self._keys = PublicKeys(f"{self._issuer}/.well-known/jwks.json")

    def verify(self, token: str) -> TokenUser:
        """Return the token's user. Raise `InvalidToken` or `KeysUnavailable`."""
        try:
            claims = self._decode(token)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _problem_of(error) from None
        return _user(claims)

    def _decode(self, token: str) -> dict[str, Any]:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm in _ASYMMETRIC:
            key: Any = self._public_key(token)
        elif algorithm == "HS256":
            key = self._shared_secret(token)
        else:
            raise jwt.InvalidAlgorithmError("The signature algorithm is not allowed.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=_AUDIENCE,
            issuer=self._issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED_CLAIMS)},
        )
        return claims

    def _shared_secret(self, token: str) -> str:
        """Return the legacy secret. Raise `InvalidToken` where it cannot verify a user's token.

        The anon key is signed with it too, and has not all claims of a user's token.
        """
        claims = jwt.decode(token, options={"verify_signature": False})
        if claims.get("role") != _SIGNED_IN:
            raise _not_signed_in()
        if not self._legacy_secret:
            raise InvalidToken(
                "The token is signed with a shared secret (HS256), and SUPABASE_JWT_SECRET is not "
                "set.",
                "Sign in again if the project signs with a key by now (ES256, RS256). If it still "
                "signs with its legacy JWT secret, set SUPABASE_JWT_SECRET to that.",
            )
        return self._legacy_secret

    def _public_key(self, token: str) -> jwt.PyJWK:
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
        key_id, claims = unverified["header"].get("kid"), unverified["payload"]
        if not key_id:
            raise jwt.InvalidKeyError("The token names no key.")
        try:
            return self._keys.get_signing_key(key_id)
        except jwt.PyJWKClientError:
            if not self._was_issued_later(claims):
                raise
            raise KeysUnavailable(
                "The token was signed by a key that the project has not published yet.",
                _JWKS_COOLDOWN_SECONDS,
            ) from None

    def _was_issued_later(self, claims: dict[str, Any]) -> bool:
        """Return whether a token says that this project issued it after it made the key set.

        Then its key may be new. The key of an earlier token was revoked, or is not the project's.
        """
        earliest = self._keys.made_at - _CLOCK_DIFFERENCE_SECONDS
        latest = time.time() + _LEEWAY_SECONDS
        return claims.get("iss") == self._issuer and earliest <= claims.get("iat", 0) <= latest


class PublicKeys(jwt.PyJWKClient):
    """The project's public keys, cached for ten minutes.

    `made_at` is the time of the key set, in seconds since 1970: caches between the project and this
    function may hold an older one.

    Raises `KeysUnavailable` where the project does not respond, or not with keys. After a failure,
    the next requests fail at once for a few seconds, instead of waiting for another timeout.
    """

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            lifespan=_JWKS_LIFESPAN_SECONDS,
            timeout=_JWKS_TIMEOUT_SECONDS,
            cooldown_duration=_JWKS_COOLDOWN_SECONDS,
        )
        self.made_at = math.inf
        self._failure = ""
        self._retry_at = 0.0

    def fetch_data(self) -> Any:
        """Return the key set. The base class caches it."""
        if time.monotonic() < self._retry_at:
            raise KeysUnavailable(self._failure, _JWKS_RETRY_SECONDS)
        now = time.time()
        try:
            response = _get(self.uri, self.timeout)
        except (httpx.HTTPError, TimeoutError):
            raise self._report("no response") from None
        except _ResponseTooLong:
            raise self._report("the response is too long") from None
        if not response.is_success:
            raise self._report(f"status {response.status_code}")
        age = response.headers.get("Age", "")
        self.made_at = now - int(age) if age.isdecimal() else now
        try:
            return response.json()
        except _NOT_A_KEY_SET:
            raise self._report("the response is not a key set") from None

    def get_signing_keys(self, refresh: bool = False) -> list[jwt.PyJWK]:
        """Return the keys of the key set."""
        try:
            return super().get_signing_keys(refresh)
        except _NOT_A_KEY_SET:
            if self.jwk_set_cache:
                self.jwk_set_cache.put(None)
            raise self._report("the response is not a key set with usable keys") from None

    def _report(self, reason: str) -> KeysUnavailable:
        self._failure = f"The project's public keys cannot be fetched ({reason})."
        self._retry_at = time.monotonic() + _JWKS_RETRY_SECONDS
        logger.warning("The public keys cannot be fetched.", extra={"reason": reason})
        return KeysUnavailable(self._failure, _JWKS_RETRY_SECONDS)


class _ResponseTooLong(Exception):
    """A response has more bytes than any key set."""


def _get(url: str, seconds: float) -> httpx.Response:
    """Return the response of a URL, which arrives as a whole within a time.

    Raise `TimeoutError`, `_ResponseTooLong` or `httpx.HTTPError`. httpx limits each read alone, so
    that a server that sends byte by byte would take any time. The thread has an event loop, whose
    timeout limits all reads together; the wait for it limits the resolution of the name too.
    """
    executor = ThreadPoolExecutor(1)
    response = executor.submit(asyncio.run, _fetch(url, seconds))
    executor.shutdown(wait=False)
    return response.result(seconds + 1)


async def _fetch(url: str, seconds: float) -> httpx.Response:
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(timeout=seconds) as client,
        client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
    ):
        body = bytearray()
        if response.is_success:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _JWKS_MAX_BYTES:
                    raise _ResponseTooLong
        return httpx.Response(response.status_code, headers=_age(response), content=bytes(body))


def _age(response: httpx.Response) -> dict[str, str]:
    age = response.headers.get("Age")
    return {} if age is None else {"Age": age}


def _problem_of(error: Exception) -> InvalidToken:
    """Return what is wrong with a token that could not be verified."""
    match error:
        case jwt.ExpiredSignatureError():
            return InvalidToken("The token has expired.")
        case jwt.ImmatureSignatureError():
            return InvalidToken(
                "The token is not valid yet.",
                "Compare the clocks of this function and of the project: one of them is wrong.",
            )
        case jwt.InvalidAudienceError():
            return InvalidToken("The token was issued for another audience.")
        case jwt.InvalidIssuerError() | jwt.MissingRequiredClaimError(claim="iss"):
            return InvalidToken(
                "The token does not name the project in SUPABASE_URL as its issuer.",
                "Send a token of this project. If it has a domain of its own, its tokens still "
                "name https://<ref>.supabase.co: set SUPABASE_URL to that. In a self-hosted "
                "Supabase, set GOTRUE_JWT_ISSUER to SUPABASE_URL and /auth/v1.",
            )
    return InvalidToken("The token is malformed or was not signed by this project.")


def _not_signed_in() -> InvalidToken:
    return InvalidToken(
        "The token does not belong to a signed-in user.",
        "Send the access token of the user's session, not a key of the project.",
    )


def _user(claims: dict[str, Any]) -> TokenUser:
    if claims.get("role") != _SIGNED_IN:
        raise _not_signed_in()
    try:
        user_id = UUID(claims["sub"])
    except ValueError:
        raise InvalidToken("The token's claim `sub` is not a user id.") from None
    metadata = claims.get("app_metadata")
    role = metadata.get("role") if isinstance(metadata, dict) else None
    return TokenUser(user_id, is_reviewer=role == "reviewer", is_operator=role == "operator")
