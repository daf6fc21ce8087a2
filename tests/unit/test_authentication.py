"""Callers authenticate by a Supabase token or by an API key."""

import hashlib
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.datastructures import Headers

from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.errors import ApiError
from prompt_capture.api.tokens import InvalidToken, KeysUnavailable, TokenVerifier
from prompt_capture.bootstrap.callers import authenticator
from prompt_capture.domain.errors import InvalidSettings
from tests.unit.conftest import ApiFixture
from tests.unit.tokens import KEY_ID, SUPABASE_URL, TokenMint

LEGACY_SECRET = "a legacy project's HS256 secret, long enough"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "http://other.test/auth/v1"},
        {"iss": None},
        pytest.param({"exp": int(time.time()) - 60}, id="expired"),
        {"exp": None},
        {"sub": None},
        {"sub": "not a uuid"},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": None},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_rejected(api: ApiFixture, changes: dict[str, Any]) -> None:
    response = api.classify.post(
        "/v1/classify", json={"message": "hm"}, headers=api.token(**changes)
    )

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "token_invalid"
    assert not api.store.rows


@pytest.mark.parametrize(
    "issuer", ["https://abc.supabase.co/auth/v1", "http://localhost:8000", None]
)
def test_a_token_of_another_issuer_gets_a_hint_about_domains_of_ones_own(
    api: ApiFixture, issuer: str | None
) -> None:
    """A self-hosted project may name none."""
    headers = api.token(iss=issuer)
    error = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).json()

    assert "SUPABASE_URL" in error["error"]["message"]
    assert "set SUPABASE_URL to that" in error["error"]["hint"]
    assert "GOTRUE_JWT_ISSUER" in error["error"]["hint"]


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_gets_a_hint_about_the_clocks(api: ApiFixture, claim: str) -> None:
    """As where a machine has slept, and its clock stands behind the project's."""
    headers = api.token(**{claim: int(time.time()) + 300})
    error = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).json()

    assert error["error"]["message"] == "The token is not valid yet."
    assert "clock" in error["error"]["hint"]


def _is_rejected(api: ApiFixture, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return (
        api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).status_code
        == 401
    )


def test_a_token_signed_by_another_key_is_rejected(api: ApiFixture) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    claims = api.mint.claims(api.user_id, iat=int(time.time()) - 3000)

    assert _is_rejected(api, jwt.encode(claims, other, "ES256", headers={"kid": KEY_ID}))
    assert _is_rejected(api, jwt.encode(claims, other, "ES256", headers={"kid": "unknown"}))
    assert _is_rejected(api, jwt.encode(claims, other, "ES256"))


def test_a_token_with_another_algorithm_is_rejected(api: ApiFixture) -> None:
    claims = api.mint.claims(api.user_id)

    assert _is_rejected(api, jwt.encode(claims, "", "none", headers={"kid": KEY_ID}))
    assert _is_rejected(api, jwt.encode(claims, LEGACY_SECRET, "HS256", headers={"kid": KEY_ID}))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ü", "." * 3, "eyJhbGciOjF9.e30.x"])
def test_a_malformed_token_is_rejected(api: ApiFixture, token: str) -> None:
    headers = {b"X-User-Token": token.encode()}

    response = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Authorization", "bearer "),
        ("Authorization", "Bearer   "),
        ("Authorization", "Bearer Bearer "),
        ("X-User-Token", "Bearer "),
        ("X-User-Token", ""),
    ],
)
def test_the_scheme_before_a_token_does_not_matter(api: ApiFixture, name: str, start: str) -> None:
    headers = {name: f"{start}{api.mint.token(api.user_id)}"}

    response = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers)

    assert response.status_code == 200, response.json()


@pytest.mark.parametrize("token", ["pc_a-key-of-this-deployment", "undefined", ""])
def test_what_is_no_token_gets_a_hint_what_to_send(api: ApiFixture, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    response = api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers)

    assert response.json()["error"]["code"] == "token_invalid"
    assert "X-Api-Key" in response.json()["error"]["hint"]


def test_a_legacy_token_is_checked_against_the_legacy_secret(mint: TokenMint, user_id: Any) -> None:
    verifier = TokenVerifier(SUPABASE_URL, LEGACY_SECRET)
    claims = mint.claims(user_id)

    assert verifier.verify(jwt.encode(claims, LEGACY_SECRET, "HS256")).user_id == user_id
    with pytest.raises(InvalidToken):
        verifier.verify(jwt.encode(claims, "another secret of the same length, or so", "HS256"))


def test_a_token_with_hs256_gets_a_hint_about_the_legacy_secret(
    mint: TokenMint, user_id: Any
) -> None:
    """As in a project that has no other keys yet, such as a self-hosted one."""
    token = jwt.encode(mint.claims(user_id), LEGACY_SECRET, "HS256")

    with pytest.raises(InvalidToken, match="shared secret") as refused:
        TokenVerifier(SUPABASE_URL).verify(token)

    assert "set SUPABASE_JWT_SECRET" in refused.value.hint


@pytest.mark.parametrize("secret", [None, LEGACY_SECRET])
@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_a_key_of_the_project_in_place_of_a_token_gets_a_hint_what_to_send(
    role: str, secret: str | None
) -> None:
    """supabase-js sends the anon key as the token where nobody has signed in."""
    claims = {"iss": "supabase", "ref": "abc", "role": role, "iat": 1, "exp": 9_999_999_999}
    key = jwt.encode(claims, LEGACY_SECRET, "HS256")

    with pytest.raises(InvalidToken, match="signed-in user") as refused:
        TokenVerifier(SUPABASE_URL, secret).verify(key)

    assert "not a key of the project" in refused.value.hint


def test_unreachable_signing_keys_are_an_outage_and_not_an_invalid_token(user_id: Any) -> None:
    unreachable = TokenVerifier("http://127.0.0.1:9")

    with pytest.raises(KeysUnavailable):
        unreachable.verify(TokenMint().token(user_id))


@pytest.mark.parametrize("key", ["wrong", "pc_a-key-of-this-deploymenT"])
def test_a_wrong_api_key_is_rejected(api: ApiFixture, key: str) -> None:
    body = {"message": "hm", "user_id": str(api.user_id)}

    response = api.classify.post("/v1/classify", json=body, headers={"X-Api-Key": key})

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "api_key_invalid"


@pytest.mark.parametrize("key", ["", " "])
def test_an_empty_api_key_is_never_valid(key: str) -> None:
    authenticator = Authenticator(
        TokenVerifier(SUPABASE_URL), [hashlib.sha256(key.encode()).hexdigest()]
    )

    with pytest.raises(ApiError) as raised:
        authenticator.authenticate(Headers({"X-Api-Key": key}))
    assert raised.value.code == "api_key_invalid"


def test_functions_refuse_the_jwt_secret_of_local_projects_beside_a_hosted_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "super-secret-jwt-token-with-at-least-32-characters-long"
    monkeypatch.setenv("SUPABASE_URL", "https://abcdefghijklmnopqrst.supabase.co")
    monkeypatch.setenv("SUPABASE_JWT_SECRET", secret)

    with pytest.raises(InvalidSettings, match="everybody knows"):
        authenticator()


def test_a_request_without_credentials_gets_a_hint_what_to_send(api: ApiFixture) -> None:
    for client, path, body in [
        (api.classify, "/v1/classify", {"message": "hm"}),
        (
            api.outcomes,
            "/v1/outcomes",
            {"log_id": api.log(), "was_successful": True, "workflow_type": "x"},
        ),
        (api.corrections, "/v1/corrections", {"log_id": api.log(), "corrected_intent": "reminder"}),
    ]:
        response = client.post(path, json=body)
        assert response.status_code == 401
        assert "X-Api-Key" in response.json()["error"]["hint"]


def test_outcomes_require_an_api_key_and_accept_no_token(api: ApiFixture) -> None:
    body = {"log_id": api.log(), "was_successful": True, "workflow_type": "x"}

    assert api.outcomes.post("/v1/outcomes", json=body, headers=api.token()).status_code == 401
