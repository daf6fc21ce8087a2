"""Sign access tokens as Supabase Auth does, with a key pair for tests."""

import hashlib
import time
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

SUPABASE_URL = "http://project.test"
API_KEY = "pc_a-key-of-this-deployment"
API_KEY_HASH = hashlib.sha256(API_KEY.encode()).hexdigest()
OPERATOR_KEY = "pc_a-key-of-operators"
OPERATOR_KEY_HASH = hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()
KEY_ID = "test-key"


class TokenMint:
    """Signs tokens with ES256. `jwks` is the project's public key set."""

    def __init__(self) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        public = ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        self.jwks = {"keys": [public | {"kid": KEY_ID, "alg": "ES256", "use": "sig"}]}

    def claims(self, user_id: UUID, **changes: Any) -> dict[str, Any]:
        """Return the claims of a signed-in user. A change to None removes a claim."""
        now = int(time.time())
        claims = {
            "iss": f"{SUPABASE_URL}/auth/v1",
            "aud": "authenticated",
            "role": "authenticated",
            "sub": str(user_id),
            "iat": now,
            "exp": now + 3600,
            "app_metadata": {},
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, user_id: UUID, **changes: Any) -> str:
        return jwt.encode(
            self.claims(user_id, **changes), self.private_key, "ES256", headers={"kid": KEY_ID}
        )
