"""The edge of the local project behaves like the edge of a hosted Supabase project."""

from typing import Any

import httpx
import jwt
import pytest
from jwt.types import Options

from infra.local.stack import Stack
from infra.local.users import user_claims

CATALOGUE = "/rest/v1/intent_catalogue?select=intent&limit=1"


@pytest.fixture(scope="module")
def edge(stack: Stack) -> Any:
    with httpx.Client(base_url=stack.supabase_url) as client:
        yield client


def get(edge: Any, path: str = CATALOGUE, **headers: Any) -> Any:
    return edge.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_a_secret_key_has_the_role_service_role(edge: Any, stack: Stack) -> None:
    response = get(edge, apikey=stack.keys.secret)
    assert response.status_code == 200
    assert len(response.json()) == 1


def test_the_authorization_header_may_repeat_the_api_key(edge: Any, stack: Stack) -> None:
    key = stack.keys.secret
    assert get(edge, apikey=key, authorization=f"Bearer {key}").status_code == 200


def test_legacy_keys_work(edge: Any, stack: Stack) -> None:
    assert get(edge, apikey=stack.keys.legacy_service_role).status_code == 200
    assert get(edge, apikey=stack.keys.legacy_anon).status_code == 401


def test_a_publishable_key_without_a_token_has_no_access(edge: Any, stack: Stack) -> None:
    response = get(edge, apikey=stack.keys.publishable)
    assert response.status_code == 401
    assert response.json()["code"] == "42501"


def test_a_rejected_head_request_does_not_affect_the_next_request(edge: Any, stack: Stack) -> None:
    headers = {"apikey": stack.keys.publishable}
    assert {edge.head(CATALOGUE, headers=headers).status_code for _ in range(200)} == {401}


def test_a_users_token_determines_the_role(edge: Any, stack: Stack) -> None:
    token = stack.create_user("edge@example.com").access_token
    response = get(edge, apikey=stack.keys.publishable, authorization=f"Bearer {token}")
    assert response.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"apikey": "sb_secret_forged"}, {"apikey": ""}])
def test_a_request_without_a_valid_key_never_reaches_the_database(edge: Any, headers: Any) -> None:
    response = get(edge, **headers)
    assert response.status_code == 401
    assert "API key" in response.json()["message"]


def test_a_token_does_not_replace_the_api_key(edge: Any, stack: Stack) -> None:
    token = stack.create_user("keyless@example.com").access_token
    assert get(edge, authorization=f"Bearer {token}").status_code == 401


def test_a_secret_key_from_a_browser_is_rejected(edge: Any, stack: Stack) -> None:
    response = get(edge, apikey=stack.keys.secret, user_agent="Mozilla/5.0 (X11)")
    assert response.status_code == 401
    assert "browser" in response.json()["message"]


@pytest.mark.parametrize("claim", [{"exp": 1}, {"aud": "another-audience"}])
def test_a_token_that_is_expired_or_has_another_audience_is_rejected(
    edge: Any, stack: Stack, claim: Any
) -> None:
    claims = user_claims(f"{stack.supabase_url}/auth/v1", "0" * 8, "a@example.com") | claim
    token = stack.keys.sign(claims)
    response = get(edge, apikey=stack.keys.publishable, authorization=f"Bearer {token}")
    assert response.status_code == 401


def test_the_published_keys_verify_a_users_token(edge: Any, stack: Stack) -> None:
    user = stack.create_user("jwks@example.com")
    keys = jwt.PyJWKClient(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json")
    claims = jwt.decode(
        user.access_token,
        keys.get_signing_key_from_jwt(user.access_token).key,
        algorithms=["ES256"],
        audience="authenticated",
        issuer=f"{stack.supabase_url}/auth/v1",
    )
    assert claims["sub"] == user.id
    assert "d" not in edge.get("/auth/v1/.well-known/jwks.json").json()["keys"][0]


def test_only_a_reviewers_token_has_the_reviewer_role(stack: Stack) -> None:
    options: Options = {"verify_signature": False}
    reviewer = jwt.decode(stack.create_reviewer("r@example.com").access_token, options=options)
    user = jwt.decode(stack.create_user("u@example.com").access_token, options=options)
    assert reviewer["app_metadata"]["role"] == "reviewer"
    assert "role" not in user["app_metadata"]


def test_bodies_filters_and_headers_pass_in_both_directions(edge: Any, stack: Stack) -> None:
    headers = {"apikey": stack.keys.secret, "Prefer": "count=exact", "Range": "0-1"}
    response = edge.get(
        "/rest/v1/intent_catalogue?select=intent&intent=in.(search,help)", headers=headers
    )
    assert {row["intent"] for row in response.json()} == {"search", "help"}
    assert response.headers["content-range"] == "0-1/2"
    posted = edge.post("/rest/v1/intent_catalogue", headers=headers, json={"no": "such column"})
    assert posted.status_code == 400
    assert posted.json()["code"] == "PGRST204"


def test_other_paths_are_not_found(edge: Any, stack: Stack) -> None:
    assert get(edge, "/storage/v1/bucket", apikey=stack.keys.secret).status_code == 404


def test_a_head_request_has_no_body(edge: Any, stack: Stack) -> None:
    response = edge.head(CATALOGUE, headers={"apikey": stack.keys.secret})
    assert (response.status_code, response.content) == (200, b"")
