"""The keys of a local project, in the formats of Supabase and of this deployment."""

import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

Jwk = dict[str, Any]
JwtClaims = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """The keys of one project; `signing_jwk` is a private key.

    Three fields are set only during a key rotation. `standby_jwk` is published but does not sign
    yet, `previous_jwk` is still trusted, and `additional_secret` has the same rights as `secret`.
    """

    signing_jwk: Jwk
    jwt_secret: str
    publishable: str
    secret: str
    api_key: str
    operator_key: str
    idempotency_secret: str
    legacy_anon: str
    legacy_service_role: str
    standby_jwk: Jwk | None = None
    previous_jwk: Jwk | None = None
    additional_secret: str | None = None

    @property
    def signing_key(self) -> str:
        """The private JWK as JSON, for functions that sign a token for their own database role."""
        return json.dumps(self.signing_jwk)

    @property
    def api_key_hash(self) -> str:
        """The SHA-256 hash of the API key, in hexadecimal."""
        return _hash(self.api_key)

    @property
    def operator_key_hash(self) -> str:
        """The SHA-256 hash of the operator key, in hexadecimal."""
        return _hash(self.operator_key)

    def jwks(self) -> dict[str, Any]:
        """Return the public keys in the format of `/auth/v1/.well-known/jwks.json`."""
        return {"keys": [*_public_keys(self.signing_jwk, self.previous_jwk, self.standby_jwk)]}

    def verification_jwks(self) -> str:
        """Return the keys that PostgREST verifies tokens with, as JSON.

        They are the public keys and the legacy JWT secret.
        """
        shared = {"kty": "oct", "alg": "HS256", "k": _base64url(self.jwt_secret.encode())}
        return json.dumps({"keys": [*_public_keys(self.signing_jwk, self.previous_jwk), shared]})

    def role_token(self, role: str, lifetime: float = 300) -> str:
        """Sign the short-lived token that the edge replaces an API key with."""
        now = int(time.time())
        claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + int(lifetime)}
        return self.sign(claims)

    def sign(self, claims: JwtClaims) -> str:
        """Sign claims with the project's current signing key (ES256)."""
        key = jwt.PyJWK(self.signing_jwk).key
        return jwt.encode(claims, key, "ES256", headers={"kid": self.signing_jwk["kid"]})


def generate_keys() -> Keys:
    """Generate the keys of a new project."""
    jwt_secret = secrets.token_urlsafe(40)
    return Keys(
        signing_jwk=new_signing_jwk(),
        jwt_secret=jwt_secret,
        publishable=f"sb_publishable_{secrets.token_urlsafe(23)}",
        secret=new_secret(),
        api_key=new_api_key(),
        operator_key=new_api_key(),
        idempotency_secret=secrets.token_urlsafe(32),
        legacy_anon=_legacy_key("anon", jwt_secret),
        legacy_service_role=_legacy_key("service_role", jwt_secret),
    )


def new_signing_jwk() -> Jwk:
    """Generate a private signing key, as `supabase gen signing-key` does."""
    private = ec.generate_private_key(ec.SECP256R1())
    jwk: Jwk = ECAlgorithm.to_jwk(private, as_dict=True)
    return jwk | {
        "kid": str(uuid.uuid4()),
        "alg": "ES256",
        "use": "sig",
        "key_ops": ["sign", "verify"],
    }


def new_secret() -> str:
    """Generate a secret key, as the Supabase dashboard does."""
    return f"sb_secret_{secrets.token_urlsafe(23)}"


def new_api_key() -> str:
    """Generate an API key for a backend or for operators."""
    return f"pc_{secrets.token_urlsafe(32)}"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _public_keys(*private: Jwk | None) -> Iterator[Jwk]:
    for jwk in filter(None, private):
        public = {name: value for name, value in jwk.items() if name != "d"}
        yield {**public, "key_ops": ["verify"]}


def _legacy_key(role: str, jwt_secret: str) -> str:
    """Return a legacy API key: a long-lived token for a role, signed with the JWT secret."""
    now = int(time.time())
    claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + 10 * 365 * 86_400}
    return jwt.encode(claims, jwt_secret, algorithm="HS256")


def _base64url(value: bytes) -> str:
    return jwt.utils.base64url_encode(value).decode()
