"""Verify Supabase access tokens locally, without a request to the Auth server."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

_ASYMMETRIC = ("ES256", "RS256")
_AUDIENCE = "authenticated"
_REQUIRED_CLAIMS = ("exp", "sub", "aud", "iss")
_LEEWAY_SECONDS = 10
_JWKS_LIFESPAN_SECONDS = 600
_JWKS_TIMEOUT_SECONDS = 2


class InvalidToken(Exception):
    """The token is not valid. The message gives the reason and no part of the token."""


class KeysUnavailable(Exception):
    """The project's public keys could not be fetched."""


@dataclass(frozen=True)
class TokenUser:
    """The user of an access token."""

    user_id: UUID
    is_reviewer: bool


class TokenVerifier:
    """Checks signature, algorithm, issuer, audience, expiry and role of a user's token.

    The public keys for asymmetric signatures come from the project's JWKS, which is cached for ten
    minutes. HS256 is accepted only with the legacy secret.
    """

    def __init__(self, supabase_url: str, legacy_secret: str | None = None) -> None:
        self._issuer = f"{supabase_url.rstrip('/')}/auth/v1"
        self._legacy_secret = legacy_secret
        self._jwks = jwt.PyJWKClient(
            f"{self._issuer}/.well-known/jwks.json",
            lifespan=_JWKS_LIFESPAN_SECONDS,
            timeout=_JWKS_TIMEOUT_SECONDS,
        )

    def verify(self, token: str) -> TokenUser:
        """Return the token's user. Raise `InvalidToken` or `KeysUnavailable`."""
        try:
            claims = self._decode(token)
        except jwt.PyJWKClientConnectionError:
            raise KeysUnavailable("The project's public keys could not be fetched.") from None
        except jwt.ExpiredSignatureError:
            raise InvalidToken("The token has expired.") from None
        except jwt.InvalidAudienceError:
            raise InvalidToken("The token was issued for another audience.") from None
        except jwt.InvalidIssuerError:
            raise InvalidToken("The token was issued by another project.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidToken(
                "The token is malformed or was not signed by this project."
            ) from None
        return _user(claims)

    def _decode(self, token: str) -> dict[str, Any]:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm in _ASYMMETRIC:
            key: Any = self._jwks.get_signing_key_from_jwt(token)
        elif algorithm == "HS256" and self._legacy_secret:
            key = self._legacy_secret
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


def _user(claims: dict[str, Any]) -> TokenUser:
    if claims.get("role") != "authenticated":
        raise InvalidToken("The token does not belong to a signed-in user.")
    try:
        user_id = UUID(claims["sub"])
    except ValueError:
        raise InvalidToken("The token's claim `sub` is not a user id.") from None
    metadata = claims.get("app_metadata")
    is_reviewer = isinstance(metadata, dict) and metadata.get("role") == "reviewer"
    return TokenUser(user_id, is_reviewer)
