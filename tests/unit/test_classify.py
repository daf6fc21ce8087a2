"""The endpoint /classify."""

import logging
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from prompt_capture.api.request_context import CorrelationFilter
from tests.unit.conftest import ApiFixture, KeywordClassifier


def test_a_response_has_the_intent_and_the_id_of_the_prompt_log(api: ApiFixture) -> None:
    body = {"message": "move my dentist to friday", "user_id": str(api.user_id)}

    response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert response.status_code == 200
    log_id = response.json().pop("log_id")
    assert response.json() == {
        "log_id": log_id,
        "intent": "reschedule",
        "confidence": 0.9,
        "scope": None,
        "secondary_intents": [],
        "source": "model",
        "model_version": "keywords-1",
        "needs_review": False,
        "shortened": False,
        "captured": "stored",
    }
    assert api.store.rows[UUID(log_id)].captured.prompt == "move my dentist to friday"


def test_log_ids_are_ordered_by_time(api: ApiFixture) -> None:
    ids = [api.log() for _ in range(20)]

    assert ids == sorted(ids)
    assert {UUID(log_id).version for log_id in ids} == {7}


def test_a_user_can_classify_with_their_token(api: ApiFixture) -> None:
    response = api.classify.post("/v1/classify", json={"message": "hm"}, headers=api.token())

    assert response.json()["captured"] == "stored"
    assert response.json()["needs_review"] is True
    assert next(iter(api.store.rows.values())).captured.user_id == api.user_id


def test_the_captured_row_says_what_the_response_says_about_its_review(api: ApiFixture) -> None:
    headers = api.token()
    for message in ("hm", "move my dentist to friday"):
        body = {"message": message}
        answer = api.classify.post("/v1/classify", json=body, headers=headers).json()
        captured = api.store.rows[UUID(answer["log_id"])].captured
        assert captured.needs_review is answer["needs_review"]
    assert {row.captured.needs_review for row in api.store.rows.values()} == {True, False}


def test_the_token_can_be_in_a_header_of_its_own_for_aws_iam(api: ApiFixture) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=...",
        "X-User-Token": api.mint.token(api.user_id),
    }

    assert api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).is_success


def test_a_token_with_the_id_of_another_user_is_rejected(api: ApiFixture) -> None:
    body = {"message": "hm", "user_id": str(uuid4())}

    response = api.classify.post("/v1/classify", json=body, headers=api.token())

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "user_id_mismatch"
    assert not api.store.rows


def test_without_capture_nothing_is_stored(api: ApiFixture) -> None:
    body = {"message": "move it", "capture": False}

    response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert response.json()["captured"] == "skipped"
    assert response.json()["log_id"] is None
    assert not api.store.rows


def test_an_outage_of_store_and_spool_does_not_prevent_the_response(
    api: ApiFixture, caplog: pytest.LogCaptureFixture
) -> None:
    api.store.is_reachable = api.spool.is_reachable = False
    body = {"message": "move my secret to friday", "user_id": str(api.user_id)}

    with caplog.at_level(logging.DEBUG):
        response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert response.json()["intent"] == "reschedule"
    assert response.json()["captured"] == "lost"
    assert "Prompt lost" in caplog.text
    assert "secret" not in caplog.text


def test_a_message_with_two_intents_returns_the_first_and_lists_the_other(api: ApiFixture) -> None:
    message = "finish the report and block an hour for it tomorrow"
    body = {"message": message, "user_id": str(api.user_id)}

    response = api.classify.post("/v1/classify", json=body, headers=api.key).json()

    assert response["intent"] == "task_management"
    assert response["secondary_intents"] == [{"intent": "scheduling", "confidence": 0.9}]
    row = api.store.rows[UUID(response["log_id"])].captured
    assert [other.intent for other in row.secondary_intents] == ["scheduling"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "hm"}, "user_id_missing"),
        ({"message": "hm", "user_id": "6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d"}, "unknown_user"),
        ({"message": "x" * 300_000}, "body_too_large"),
        ({"message": 7}, "invalid_request"),
        ({"message": None}, "invalid_request"),
        ({"message": "hm", "user_id": "me"}, "invalid_request"),
        ({"message": "hm", "capture": "yes"}, "invalid_request"),
        ({"message": "hm", "capture": ""}, "invalid_request"),
        ({"message": "hm", "capture": None}, "invalid_request"),
        ({"message": "hm", "message_index": -1}, "invalid_request"),
        ({"message": "hm", "message_index": 2**31}, "invalid_request"),
        ({"message": "hm", "conversation_id": "c" * 201}, "invalid_request"),
        ({"message": "hm", "intent": "greeting"}, "invalid_request"),
        ({}, "invalid_request"),
        ([], "invalid_request"),
        ("hm", "invalid_request"),
        (None, "invalid_request"),
    ],
)
def test_invalid_input_is_rejected_before_anything_is_written(
    api: ApiFixture, body: object, code: str
) -> None:
    response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert 400 <= response.status_code < 500
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["hint"]
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert not api.store.rows


def test_a_rejected_message_is_not_repeated_in_the_response(api: ApiFixture) -> None:
    body = {"message": "my secret", "my secret field": 1}

    response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert response.status_code == 422
    assert "my secret" not in response.text.replace("my secret field", "")


def test_unknown_paths_and_methods_get_the_common_error_format(api: ApiFixture) -> None:
    assert api.classify.get("/nowhere").json()["error"]["code"] == "not_found"
    assert api.classify.get("/v1/classify").json()["error"]["code"] == "method_not_allowed"
    assert api.classify.get("/v1/classify").headers["allow"] == "POST"


def test_an_unexpected_error_leaks_no_text(
    api: ApiFixture, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the text was: my secret")

    monkeypatch.setattr(KeywordClassifier, "classify", broken)
    body = {"message": "my secret", "user_id": str(api.user_id)}

    with caplog.at_level(logging.DEBUG):
        response = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "Unexpected error: RuntimeError" in caplog.text
    assert "my secret" not in response.text + caplog.text


def test_the_openapi_description_has_an_example_of_each_request(api: ApiFixture) -> None:
    clients: list[TestClient] = [api.classify, api.outcomes, api.corrections]
    for client in clients:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        request = next(name for name in schemas if name.endswith("Request"))
        assert schemas[request]["examples"]


def test_a_correlation_id_is_returned_and_generated_where_it_is_missing_or_malformed(
    api: ApiFixture,
) -> None:
    body = {"message": "hm", "user_id": str(api.user_id)}

    def send(headers: dict[str, str]) -> dict[str, str]:
        response = api.classify.post("/v1/classify", json=body, headers=api.key | headers)
        return dict(response.headers)

    valid, missing = send({"X-Correlation-Id": "order-17"}), send({})
    malformed = send({"X-Correlation-Id": "my secret is long"})

    assert valid["x-correlation-id"] == "order-17"
    assert missing["x-correlation-id"] == missing["x-request-id"]
    assert malformed["x-correlation-id"] == malformed["x-request-id"]


def test_log_records_of_a_request_have_its_correlation_id(api: ApiFixture) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[assignment]
    handler.addFilter(CorrelationFilter())
    logging.getLogger().addHandler(handler)
    api.store.is_reachable = False

    api.classify.post(
        "/v1/classify",
        json={"message": "hm", "user_id": str(api.user_id)},
        headers=api.key | {"X-Correlation-Id": "order-17"},
    )
    logging.getLogger().removeHandler(handler)

    ours = [record for record in records if record.name.startswith("prompt_capture")]
    assert {record.__dict__["correlation_id"] for record in ours} == {"order-17"}
