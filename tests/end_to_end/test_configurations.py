"""The configurations of projects: legacy tokens, no signing key, no rules, two API keys."""

from collections.abc import Iterator

import jwt
import pytest

from infra.local.users import user_claims
from tests.end_to_end.conftest import DeployedStack

FUNCTION = "classify-and-log"


@pytest.fixture
def configurable(deployment: DeployedStack) -> Iterator[DeployedStack]:
    """A deployment whose settings a test can change."""
    before = deployment.stack.environment(FUNCTION)
    yield deployment
    unset = dict.fromkeys(deployment.stack.environment(FUNCTION), "")
    deployment.stack.redeploy(FUNCTION, unset | before)


def test_a_legacy_project_signs_tokens_with_a_secret(configurable: DeployedStack) -> None:
    secret = configurable.stack.keys.jwt_secret
    claims = user_claims(
        f"{configurable.stack.supabase_url}/auth/v1", configurable.ada.id, "a@b", {}
    )
    headers = {"Authorization": f"Bearer {jwt.encode(claims, secret, 'HS256')}"}
    configurable.stack.redeploy(FUNCTION, {"SUPABASE_JWT_SECRET": secret})

    assert configurable.classify("hello", headers)["captured"] == "stored"


def test_without_a_signing_key_the_secret_key_writes(configurable: DeployedStack) -> None:
    configurable.stack.redeploy(
        FUNCTION,
        {"SUPABASE_SIGNING_KEY": "", "SUPABASE_SECRET_KEY": configurable.stack.keys.secret},
    )

    assert configurable.classify("hello")["captured"] == "stored"
    by_token = configurable.classify("hello", configurable.token(configurable.ben))
    assert str(configurable.row(by_token["log_id"])["user_id"]) == configurable.ben.id


def test_a_legacy_signing_secret_writes(configurable: DeployedStack) -> None:
    secret = configurable.stack.keys.jwt_secret
    configurable.stack.redeploy(FUNCTION, {"SUPABASE_SIGNING_KEY": secret})

    assert configurable.classify("hello")["captured"] == "stored"


def test_rules_are_optional(configurable: DeployedStack) -> None:
    configurable.stack.redeploy(FUNCTION, {"RULES_FILE": ""})

    assert configurable.classify("hello")["source"] == "model"


def test_two_api_keys_work_during_a_rotation(configurable: DeployedStack) -> None:
    old = configurable.stack.environment(FUNCTION)["API_KEY_HASHES"]
    new = "0" * 64
    configurable.stack.redeploy(FUNCTION, {"API_KEY_HASHES": f"{new}, {old}"})

    assert configurable.classify("hello")["captured"] == "stored"
