"""The keys of a local project, in the shapes that Supabase and this deployment use."""

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

Claims = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """One project's secrets; `signing_jwk` is private, `jwks()` is what is published.

    While keys are rotated, a `standby_jwk` is published beside it, a `previous_jwk` is trusted as
    well, and `second_secret` opens the same doors as `secret`.
    """

    signing_jwk: Claims
    jwt_secret: str
    publishable: str
    secret: str
    api_key: str
    idempotency_secret: str
    legacy_anon: str
    legacy_service_role: str
    standby_jwk: Claims | None = None
    previous_jwk: Claims | None = None
    second_secret: str | None = None

    @property
    def signing_key(self) -> str:
        """The private JWK as JSON, for functions that sign their own role's token."""
        return json.dumps(self.signing_jwk)

    @property
    def api_key_hash(self) -> str:
        return hashlib.sha256(self.api_key.encode()).hexdigest()

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as `/auth/v1/.well-known/jwks.json` shows them."""
        return {"keys": [*_public(self.signing_jwk, self.previous_jwk, self.standby_jwk)]}

    def verification_jwks(self) -> str:
        """Return what PostgREST checks tokens against: public keys and the legacy secret."""
        shared = {"kty": "oct", "alg": "HS256", "k": _base64url(self.jwt_secret.encode())}
        return json.dumps({"keys": [*_public(self.signing_jwk, self.previous_jwk), shared]})

    def role_token(self, role: str, lifetime: float = 300) -> str:
        """Sign the short-lived token that the edge puts in a key's place."""
        now = int(time.time())
        claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + int(lifetime)}
        return self.sign(claims)

    def sign(self, claims: Claims) -> str:
        """Sign any claims with the project's current key (ES256)."""
        key = jwt.PyJWK(self.signing_jwk).key
        return jwt.encode(claims, key, "ES256", headers={"kid": self.signing_jwk["kid"]})


def generate() -> Keys:
    """Make a new project's keys."""
    jwt_secret = secrets.token_urlsafe(40)
    return Keys(
        signing_jwk=new_signing_jwk(),
        jwt_secret=jwt_secret,
        publishable=f"sb_publishable_{secrets.token_urlsafe(23)}",
        secret=new_secret(),
        api_key=new_api_key(),
        idempotency_secret=secrets.token_urlsafe(32),
        legacy_anon=_legacy_key("anon", jwt_secret),
        legacy_service_role=_legacy_key("service_role", jwt_secret),
    )


def new_signing_jwk() -> Claims:
    """Make a private key, as `supabase gen signing-key` does."""
    private = ec.generate_private_key(ec.SECP256R1())
    jwk: Claims = ECAlgorithm.to_jwk(private, as_dict=True)
    return jwk | {
        "kid": str(uuid.uuid4()),
        "alg": "ES256",
        "use": "sig",
        "key_ops": ["sign", "verify"],
    }


def new_secret() -> str:
    """Make a secret key, as the dashboard does."""
    return f"sb_secret_{secrets.token_urlsafe(23)}"


def new_api_key() -> str:
    """Make a backend's key of this deployment."""
    return f"pc_{secrets.token_urlsafe(32)}"


def user_claims(
    issuer: str, user_id: str, email: str, app_metadata: Claims | None = None, lifetime: int = 3600
) -> Claims:
    """Return an access token's claims as Supabase Auth makes them after a password sign-in."""
    now = int(time.time())
    return {
        "iss": issuer,
        "sub": user_id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"], **(app_metadata or {})},
        "user_metadata": {"email": email, "email_verified": True},
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": str(uuid.uuid4()),
        "is_anonymous": False,
        "iat": now,
        "exp": now + lifetime,
    }


def _public(*private: Claims | None) -> Iterator[Claims]:
    for jwk in filter(None, private):
        public = {name: value for name, value in jwk.items() if name != "d"}
        yield {**public, "key_ops": ["verify"]}


def _legacy_key(role: str, jwt_secret: str) -> str:
    """Sign an API key as projects had them before: a long-lived token of a role."""
    now = int(time.time())
    claims = {"iss": "supabase", "role": role, "iat": now, "exp": now + 10 * 365 * 86_400}
    return jwt.encode(claims, jwt_secret, algorithm="HS256")


def _base64url(value: bytes) -> str:
    return jwt.utils.base64url_encode(value).decode()
