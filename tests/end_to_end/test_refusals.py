"""Bad input of every kind: a 4xx that says what to do, and nothing written anywhere."""

import json
import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from infra.local.keys import user_claims
from tests.end_to_end.conftest import Deployment

MARKER = "xylophonic-zebra"
"""A word that is in every refused prompt, and so must not be in any log."""

URLS = ("classify_url", "outcomes_url", "corrections_url")


def _is_refusal(answer: Any) -> bool:
    assert 400 <= answer.status_code < 500, answer.text
    content = answer.json()
    assert set(content) == {"error", "request_id"}
    assert content["error"]["code"]
    assert content["error"]["message"]
    assert MARKER not in answer.text
    return True


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
        b'{"message": "\\ud800 xylophonic-zebra"}',
        b'{"message": "' + b"xylophonic-zebra " * 6_000 + b'"}',
    ],
    ids=range(10),
)
def test_a_body_that_cannot_be_read(deployment: Deployment, url: str, content: bytes) -> None:
    headers = deployment.key | {"Content-Type": "application/json"}

    answer = deployment.http.post(getattr(deployment.stack, url), content=content, headers=headers)

    assert _is_refusal(answer)
    assert deployment.rows() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"message": ""},
        {"message": MARKER + "\x00"},
        {"message": MARKER * 300},
        {"message": 7},
        {"message": None},
        {"message": [MARKER]},
        {"user_id": MARKER},
        {"user_id": str(uuid4())},
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
def test_a_message_that_cannot_be_classified(
    deployment: Deployment, changes: dict[str, Any]
) -> None:
    body = {"message": MARKER, "user_id": deployment.ada.id} | changes

    answer = deployment.http.post(deployment.stack.classify_url, json=body, headers=deployment.key)

    if MARKER not in changes:
        assert _is_refusal(answer)
    assert 400 <= answer.status_code < 500
    assert deployment.rows() == []


def test_another_users_id(deployment: Deployment) -> None:
    body = {"message": MARKER, "user_id": deployment.ada.id}

    answer = deployment.http.post(
        deployment.stack.classify_url, json=body, headers=deployment.token(deployment.ben)
    )

    assert answer.status_code == 403
    assert _is_refusal(answer)
    assert deployment.rows() == []


def test_outcomes_and_corrections_of_what_is_not_there(deployment: Deployment) -> None:
    nothing = str(uuid4())

    assert deployment.record_outcome(nothing, True).status_code == 404
    corrected = deployment.correct(nothing, "help", deployment.token(deployment.reviewer))
    assert corrected.status_code == 404
    assert _is_refusal(corrected)


def test_an_intent_that_is_not_in_the_catalogue(deployment: Deployment) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    answer = deployment.correct(log_id, "re-schedule", deployment.token(deployment.reviewer))

    assert answer.status_code == 422
    assert "reschedule" in answer.json()["error"]["hint"]
    assert deployment.row(log_id)["corrected_intent"] is None


def test_callers_who_may_not(deployment: Deployment) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]
    outcome = {"log_id": log_id, "was_successful": True, "workflow_type": "x"}
    urls = deployment.stack

    assert deployment.correct(log_id, "help", deployment.token(deployment.ada)).status_code == 403
    for headers in ({}, deployment.token(deployment.ada), {"X-Api-Key": "wrong"}):
        answer = deployment.http.post(urls.outcomes_url, json=outcome, headers=headers)
        assert answer.status_code == 401
    row = deployment.row(log_id)
    assert row["corrected_intent"] is row["was_successful"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"iss": "https://other.supabase.co/auth/v1"},
        {"exp": int(time.time()) - 3600},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": "prompt_writer"},
        {"sub": "me"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim(deployment: Deployment, changes: dict[str, Any]) -> None:
    claims = user_claims(f"{deployment.stack.supabase_url}/auth/v1", deployment.ada.id, "a@b.c", {})
    token = deployment.stack.keys.sign(claims | changes)

    answer = deployment.http.post(
        deployment.stack.classify_url,
        json={"message": MARKER},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 401
    assert _is_refusal(answer)
    assert deployment.rows() == []


def test_a_token_that_the_project_did_not_sign(deployment: Deployment) -> None:
    claims = user_claims(f"{deployment.stack.supabase_url}/auth/v1", deployment.ada.id, "a@b.c", {})
    known = jwt.get_unverified_header(deployment.ada.access_token)["kid"]
    stranger = ec.generate_private_key(ec.SECP256R1())
    tokens = [
        jwt.encode(claims, stranger, "ES256", headers={"kid": known}),
        jwt.encode(claims, "", "none", headers={"kid": known}),
        jwt.encode(claims, "a secret that nobody configured here", "HS256"),
        deployment.ada.access_token[:-4] + "AAAA",
        "not.a.token",
    ]
    for token in tokens:
        answer = deployment.http.post(
            deployment.stack.classify_url,
            json={"message": MARKER},
            headers={"X-User-Token": token},
        )
        assert answer.status_code == 401
        assert _is_refusal(answer)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"mode": "everything"},
        {"mode": "review", "days": 0},
        {"mode": "review", "days": "week"},
        {"mode": "review", "confidence_threshold": 2},
        {"mode": "review", "unheard_of": 1},
        {"detail-type": "Scheduled Event", "detail": "nonsense"},
        [],
        None,
        "review",
    ],
    ids=str,
)
def test_an_export_that_cannot_be(deployment: Deployment, event: object) -> None:
    content = deployment.export(event)

    assert content["errorType"] == "InvalidExport"
    assert '"mode": "retraining" or "review"' in content["errorMessage"]


def test_no_log_holds_a_prompt_a_key_or_a_token(deployment: Deployment) -> None:
    deployment.classify(f"move my {MARKER} to friday")
    body = {"message": f"{MARKER}\x00", "user_id": deployment.ada.id}
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
    found = [
        (log.name, what)
        for log in logs
        for secret, what in secrets.items()
        if secret in log.read_text("utf-8", "replace")
    ]

    assert len(logs) >= 5
    assert found == []
