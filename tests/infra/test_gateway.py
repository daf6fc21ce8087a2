"""The edge of the local project behaves as a hosted project's does."""

from typing import Any

import httpx
import jwt
import pytest
from jwt.types import Options

from infra.local.keys import user_claims
from infra.local.stack import Stack

CATALOGUE = "/rest/v1/intent_catalogue?select=intent&limit=1"


@pytest.fixture(scope="module")
def edge(stack: Stack) -> Any:
    with httpx.Client(base_url=stack.supabase_url) as client:
        yield client


def get(edge: Any, path: str = CATALOGUE, **headers: Any) -> Any:
    return edge.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_a_secret_key_reads_as_service_role(edge: Any, stack: Stack) -> None:
    answer = get(edge, apikey=stack.keys.secret)
    assert answer.status_code == 200
    assert len(answer.json()) == 1


def test_a_key_may_stand_in_authorization_too_if_it_is_the_same(edge: Any, stack: Stack) -> None:
    key = stack.keys.secret
    assert get(edge, apikey=key, authorization=f"Bearer {key}").status_code == 200


def test_a_legacy_key_works_like_the_new_one(edge: Any, stack: Stack) -> None:
    assert get(edge, apikey=stack.keys.legacy_service_role).status_code == 200
    assert get(edge, apikey=stack.keys.legacy_anon).status_code == 401


def test_a_publishable_key_alone_is_anonymous_and_sees_nothing(edge: Any, stack: Stack) -> None:
    answer = get(edge, apikey=stack.keys.publishable)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"


def test_a_refused_head_leaves_the_next_request_alone(edge: Any, stack: Stack) -> None:
    headers = {"apikey": stack.keys.publishable}
    assert {edge.head(CATALOGUE, headers=headers).status_code for _ in range(200)} == {401}


def test_a_users_token_passes_through_and_decides_the_role(edge: Any, stack: Stack) -> None:
    token = stack.create_user("edge@example.com").access_token
    answer = get(edge, apikey=stack.keys.publishable, authorization=f"Bearer {token}")
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"apikey": "sb_secret_forged"}, {"apikey": ""}])
def test_a_request_without_a_valid_key_never_reaches_the_database(edge: Any, headers: Any) -> None:
    answer = get(edge, **headers)
    assert answer.status_code == 401
    assert "API key" in answer.json()["message"]


def test_a_token_does_not_replace_the_key(edge: Any, stack: Stack) -> None:
    token = stack.create_user("keyless@example.com").access_token
    assert get(edge, authorization=f"Bearer {token}").status_code == 401


def test_a_secret_key_from_a_browser_is_refused(edge: Any, stack: Stack) -> None:
    answer = get(edge, apikey=stack.keys.secret, user_agent="Mozilla/5.0 (X11)")
    assert answer.status_code == 401
    assert "browser" in answer.json()["message"]


@pytest.mark.parametrize("claim", [{"exp": 1}, {"aud": "elsewhere"}])
def test_an_expired_or_foreign_token_is_refused(edge: Any, stack: Stack, claim: Any) -> None:
    claims = user_claims(f"{stack.supabase_url}/auth/v1", "0" * 8, "a@example.com") | claim
    token = stack.keys.sign(claims)
    answer = get(edge, apikey=stack.keys.publishable, authorization=f"Bearer {token}")
    assert answer.status_code == 401


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


def test_only_a_reviewers_token_says_so(stack: Stack) -> None:
    options: Options = {"verify_signature": False}
    reviewer = jwt.decode(stack.create_reviewer("r@example.com").access_token, options=options)
    user = jwt.decode(stack.create_user("u@example.com").access_token, options=options)
    assert reviewer["app_metadata"]["role"] == "reviewer"
    assert "role" not in user["app_metadata"]


def test_bodies_filters_and_preferences_pass_in_both_directions(edge: Any, stack: Stack) -> None:
    headers = {"apikey": stack.keys.secret, "Prefer": "count=exact", "Range": "0-1"}
    answer = edge.get(
        "/rest/v1/intent_catalogue?select=intent&intent=in.(search,help)", headers=headers
    )
    assert {row["intent"] for row in answer.json()} == {"search", "help"}
    assert answer.headers["content-range"] == "0-1/2"
    posted = edge.post("/rest/v1/intent_catalogue", headers=headers, json={"no": "such column"})
    assert posted.status_code == 400
    assert posted.json()["code"] == "PGRST204"


def test_other_paths_are_unknown(edge: Any, stack: Stack) -> None:
    assert get(edge, "/storage/v1/bucket", apikey=stack.keys.secret).status_code == 404


def test_a_head_request_has_no_body(edge: Any, stack: Stack) -> None:
    answer = edge.head(CATALOGUE, headers={"apikey": stack.keys.secret})
    assert (answer.status_code, answer.content) == (200, b"")
