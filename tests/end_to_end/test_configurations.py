"""Projects differ: legacy tokens, no signing key, a model or rules of one's own."""

from collections.abc import Iterator

import jwt
import pytest

from infra.local.keys import user_claims
from tests.end_to_end.conftest import Deployment

FUNCTION = "classify-and-log"


@pytest.fixture
def redeployed(deployment: Deployment) -> Iterator[Deployment]:
    """A deployment whose settings a test may change."""
    before = deployment.stack.environment(FUNCTION)
    yield deployment
    unset = dict.fromkeys(deployment.stack.environment(FUNCTION), "")
    deployment.stack.redeploy(FUNCTION, unset | before)


def test_a_legacy_project_signs_tokens_with_a_secret(redeployed: Deployment) -> None:
    secret = redeployed.stack.keys.jwt_secret
    claims = user_claims(f"{redeployed.stack.supabase_url}/auth/v1", redeployed.ada.id, "a@b", {})
    headers = {"Authorization": f"Bearer {jwt.encode(claims, secret, 'HS256')}"}
    redeployed.stack.redeploy(FUNCTION, {"SUPABASE_JWT_SECRET": secret})

    assert redeployed.classify("hello", headers)["captured"] == "stored"


def test_without_a_signing_key_the_secret_key_writes(redeployed: Deployment) -> None:
    redeployed.stack.redeploy(
        FUNCTION,
        {"SUPABASE_SIGNING_KEY": "", "SUPABASE_SECRET_KEY": redeployed.stack.keys.secret},
    )

    assert redeployed.classify("hello")["captured"] == "stored"
    by_token = redeployed.classify("hello", redeployed.token(redeployed.ben))
    assert str(redeployed.row(by_token["log_id"])["user_id"]) == redeployed.ben.id


def test_a_legacy_signing_secret_does_too(redeployed: Deployment) -> None:
    secret = redeployed.stack.keys.jwt_secret
    redeployed.stack.redeploy(FUNCTION, {"SUPABASE_SIGNING_KEY": secret})

    assert redeployed.classify("hello")["captured"] == "stored"


def test_rules_can_be_left_out(redeployed: Deployment) -> None:
    redeployed.stack.redeploy(FUNCTION, {"RULES_FILE": ""})

    assert redeployed.classify("hello")["source"] == "model"


def test_a_key_can_be_rotated_while_the_old_one_still_works(redeployed: Deployment) -> None:
    old = redeployed.stack.environment(FUNCTION)["API_KEY_HASHES"]
    new = "0" * 64
    redeployed.stack.redeploy(FUNCTION, {"API_KEY_HASHES": f"{new}, {old}"})

    assert redeployed.classify("hello")["captured"] == "stored"
