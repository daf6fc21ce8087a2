"""Invalid input gets a 4xx response that explains it, and is stored nowhere."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from infra.local.users import user_claims
from tests.end_to_end.conftest import DeployedStack

MARKER = "xylophonic-zebra"
"""A word of every rejected prompt. No log may contain it."""

URLS = ("classify_url", "outcomes_url", "corrections_url")


def _assert_rejected(response: Any) -> None:
    assert 400 <= response.status_code < 500, response.text
    content = response.json()
    assert set(content) == {"error", "request_id"}
    assert content["error"]["code"]
    assert content["error"]["message"]
    assert MARKER not in response.text


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"message": "xylophonic-zebra',
        b'{"message": "xylophonic-zebra", "message": "\\ud800", "user_id": "me"}',
        b'{"message": "' + b"xylophonic-zebra " * 16_000 + b'"}',
    ],
    ids=range(10),
)
def test_an_unreadable_body_is_rejected(
    deployment: DeployedStack, url: str, content: bytes
) -> None:
    headers = deployment.key | {"Content-Type": "application/json"}

    response = deployment.http.post(
        getattr(deployment.stack, url), content=content, headers=headers
    )

    _assert_rejected(response)
    assert deployment.rows() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"message": 7},
        {"message": None},
        {"message": [MARKER]},
        {"user_id": MARKER},
        {"user_id": str(UUID(int=1))},
        {"user_id": None},
        {"conversation_id": 7},
        {"conversation_id": "x" * 201},
        {"message_index": -1},
        {"message_index": "1"},
        {"message_index": 2**31},
        {"capture": "no"},
        {MARKER: True},
        {"predicted_intent": "confirm"},
    ],
    ids=str,
)
def test_an_invalid_message_is_rejected(deployment: DeployedStack, changes: dict[str, Any]) -> None:
    body = {"message": MARKER, "user_id": deployment.ada.id} | changes

    response = deployment.http.post(
        deployment.stack.classify_url, json=body, headers=deployment.key
    )

    if MARKER not in changes:
        _assert_rejected(response)
    assert 400 <= response.status_code < 500
    assert deployment.rows() == []


def test_a_user_cannot_send_messages_for_another_user(deployment: DeployedStack) -> None:
    body = {"message": MARKER, "user_id": deployment.ada.id}

    response = deployment.http.post(
        deployment.stack.classify_url, json=body, headers=deployment.token(deployment.ben)
    )

    assert response.status_code == 403
    _assert_rejected(response)
    assert deployment.rows() == []


def test_outcomes_and_corrections_of_an_unknown_prompt_are_not_found(
    deployment: DeployedStack,
) -> None:
    unknown = str(uuid4())

    assert deployment.record_outcome(unknown, True).status_code == 404
    corrected = deployment.correct(unknown, "help", deployment.token(deployment.reviewer))
    assert corrected.status_code == 404
    _assert_rejected(corrected)


def test_a_correction_to_an_unknown_intent_is_rejected(deployment: DeployedStack) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    response = deployment.correct(log_id, "re-schedule", deployment.token(deployment.reviewer))

    assert response.status_code == 422
    assert "reschedule" in response.json()["error"]["hint"]
    assert deployment.row(log_id)["corrected_intent"] is None


def test_callers_without_permission_are_rejected(deployment: DeployedStack) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]
    outcome = {"log_id": log_id, "was_successful": True, "workflow_type": "x"}
    stack = deployment.stack

    assert deployment.correct(log_id, "help", deployment.token(deployment.ada)).status_code == 403
    for headers in ({}, deployment.token(deployment.ada), {"X-Api-Key": "wrong"}):
        response = deployment.http.post(stack.outcomes_url, json=outcome, headers=headers)
        assert response.status_code == 401
    row = deployment.row(log_id)
    assert row["corrected_intent"] is row["was_successful"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"iss": "https://other.supabase.co/auth/v1"},
        pytest.param({"exp": int(time.time()) - 3600}, id="expired"),
        {"role": "anon"},
        {"role": "service_role"},
        {"role": "prompt_writer"},
        {"sub": "me"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_rejected(
    deployment: DeployedStack, changes: dict[str, Any]
) -> None:
    claims = user_claims(f"{deployment.stack.supabase_url}/auth/v1", deployment.ada.id, "a@b.c", {})
    token = deployment.stack.keys.sign(claims | changes)

    response = deployment.http.post(
        deployment.stack.classify_url,
        json={"message": MARKER},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 401
    _assert_rejected(response)
    assert deployment.rows() == []


def test_a_token_that_the_project_did_not_sign_is_rejected(deployment: DeployedStack) -> None:
    claims = user_claims(f"{deployment.stack.supabase_url}/auth/v1", deployment.ada.id, "a@b.c", {})
    known = jwt.get_unverified_header(deployment.ada.access_token)["kid"]
    other_key = ec.generate_private_key(ec.SECP256R1())
    tokens = [
        jwt.encode(claims, other_key, "ES256", headers={"kid": known}),
        jwt.encode(claims, "", "none", headers={"kid": known}),
        jwt.encode(claims, "a secret that is not configured here", "HS256"),
        deployment.ada.access_token[:-4] + "AAAA",
        "not.a.token",
    ]
    for token in tokens:
        response = deployment.http.post(
            deployment.stack.classify_url,
            json={"message": MARKER},
            headers={"X-User-Token": token},
        )
        assert response.status_code == 401
        _assert_rejected(response)


@pytest.mark.parametrize(
    "event",
    [
        {"mode": None},
        {"mode": "everything"},
        {"mode": "review", "days": 0},
        {"mode": "review", "days": "week"},
        {"mode": "review", "confidence_threshold": 2},
        {"mode": "review", "unheard_of": 1},
        {"detail-type": "Scheduled Event", "detail": "nonsense"},
        ["review"],
        7,
        "review",
    ],
    ids=str,
)
def test_an_invalid_export_is_rejected(deployment: DeployedStack, event: object) -> None:
    content = deployment.export(event)

    assert content["errorType"] == "InvalidExport"
    assert 'Send for example {"mode": "retraining", "days": 7}' in content["errorMessage"]


def test_no_log_contains_a_prompt_a_key_or_a_token(deployment: DeployedStack) -> None:
    deployment.classify(f"move my {MARKER} to friday")
    body = {"message": f"{MARKER}\x00", "user_id": "nobody"}
    deployment.http.post(deployment.stack.classify_url, json=body, headers=deployment.key)
    unknown = {"message": MARKER, "user_id": str(uuid4())}
    deployment.http.post(deployment.stack.classify_url, json=unknown, headers=deployment.key)
    log_id = deployment.classify("hello")["log_id"]
    deployment.correct(log_id, f"{MARKER} is no intent", deployment.token(deployment.reviewer))
    deployment.http.get(deployment.stack.classify_url + f"/{MARKER}")
    deployment.export({"mode": "review", MARKER: 1})
    keys = deployment.stack.keys
    secrets = {
        MARKER: "a prompt",
        keys.api_key: "the API key",
        keys.secret: "the secret key",
        deployment.ada.access_token: "a token",
        json.loads(keys.signing_key)["d"]: "the signing key",
    }

    logs = list((deployment.stack.folder / "logs").glob("*"))
    leaks = [
        (log.name, description)
        for log in logs
        for secret, description in secrets.items()
        if secret in log.read_text("utf-8", "replace")
    ]

    assert len(logs) >= 5
    assert leaks == []
