import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from prompt_capture.api.tokens import InvalidToken, KeysUnavailable, TokenVerifier
from tests.unit.conftest import Api
from tests.unit.tokens import KEY_ID, SUPABASE_URL, TokenMint

LEGACY_SECRET = "a legacy project's HS256 secret, long enough"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "http://other.test/auth/v1"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"sub": None},
        {"sub": "not a uuid"},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": None},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(api: Api, changes: dict[str, Any]) -> None:
    answer = api.classify.post("/v1/classify", json={"message": "hm"}, headers=api.token(**changes))

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "token_invalid"
    assert not api.store.rows


def _refused(api: Api, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return (
        api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).status_code
        == 401
    )


def test_a_token_signed_by_another_key_is_refused(api: Api) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    claims = api.mint.claims(api.user_id)

    assert _refused(api, jwt.encode(claims, other, "ES256", headers={"kid": KEY_ID}))
    assert _refused(api, jwt.encode(claims, other, "ES256", headers={"kid": "unheard of"}))
    assert _refused(api, jwt.encode(claims, other, "ES256"))


def test_a_token_with_another_algorithm_is_refused(api: Api) -> None:
    claims = api.mint.claims(api.user_id)

    assert _refused(api, jwt.encode(claims, "", "none", headers={"kid": KEY_ID}))
    assert _refused(api, jwt.encode(claims, LEGACY_SECRET, "HS256", headers={"kid": KEY_ID}))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü", "." * 3, "eyJhbGciOjF9.e30.x"])
def test_what_is_no_token_is_refused(api: Api, token: str) -> None:
    headers = {b"X-User-Token": token.encode()}

    answer = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers)

    assert answer.status_code == 401


def test_a_legacy_token_is_checked_against_the_legacy_secret(mint: TokenMint, user_id: Any) -> None:
    verifier = TokenVerifier(SUPABASE_URL, LEGACY_SECRET)
    claims = mint.claims(user_id)

    assert verifier.verify(jwt.encode(claims, LEGACY_SECRET, "HS256")).user_id == user_id
    with pytest.raises(InvalidToken):
        verifier.verify(jwt.encode(claims, "another secret, just as long as it", "HS256"))


def test_unreachable_keys_are_an_outage_not_a_refusal(user_id: Any) -> None:
    nobody_listens = TokenVerifier("http://127.0.0.1:9")

    with pytest.raises(KeysUnavailable):
        nobody_listens.verify(TokenMint().token(user_id))


@pytest.mark.parametrize("key", ["wrong", "pc_a-key-of-this-deploymenT"])
def test_a_wrong_api_key_is_refused(api: Api, key: str) -> None:
    body = {"message": "hm", "user_id": str(api.user_id)}

    answer = api.classify.post("/v1/classify", json=body, headers={"X-Api-Key": key})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "api_key_invalid"


def test_whoever_brings_nothing_is_told_what_to_bring(api: Api) -> None:
    for client, path, body in [
        (api.classify, "/v1/classify", {"message": "hm"}),
        (
            api.outcomes,
            "/v1/outcomes",
            {"log_id": api.log(), "was_successful": True, "workflow_type": "x"},
        ),
        (api.corrections, "/v1/corrections", {"log_id": api.log(), "corrected_intent": "reminder"}),
    ]:
        answer = client.post(path, json=body)
        assert answer.status_code == 401
        assert "X-Api-Key" in answer.json()["error"]["hint"]


def test_outcomes_need_the_key_a_token_does_not_do(api: Api) -> None:
    body = {"log_id": api.log(), "was_successful": True, "workflow_type": "x"}

    assert api.outcomes.post("/v1/outcomes", json=body, headers=api.token()).status_code == 401
