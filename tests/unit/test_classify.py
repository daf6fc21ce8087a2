import logging
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from prompt_capture.api.correlation import CorrelationFilter
from tests.unit.conftest import Api, KeywordClassifier


def test_an_answer_carries_the_intent_and_the_id_of_its_log_row(api: Api) -> None:
    body = {"message": "move my dentist to friday", "user_id": str(api.user_id)}

    answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert answer.status_code == 200
    log_id = answer.json().pop("log_id")
    assert answer.json() == {
        "log_id": log_id,
        "intent": "reschedule",
        "confidence": 0.9,
        "scope": None,
        "secondary_intents": [],
        "source": "model",
        "model_version": "keywords-1",
        "needs_review": False,
        "captured": "stored",
    }
    assert api.store.rows[UUID(log_id)].captured.prompt == "move my dentist to friday"


def test_ids_are_ordered_by_time(api: Api) -> None:
    ids = [api.log() for _ in range(20)]

    assert ids == sorted(ids)
    assert {UUID(log_id).version for log_id in ids} == {7}


def test_a_user_classifies_with_their_own_token(api: Api) -> None:
    answer = api.classify.post("/v1/classify", json={"message": "hm"}, headers=api.token())

    assert answer.json()["captured"] == "stored"
    assert answer.json()["needs_review"] is True
    assert next(iter(api.store.rows.values())).captured.user_id == api.user_id


def test_behind_iam_the_token_comes_in_a_header_of_its_own(api: Api) -> None:
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=...",
        "X-User-Token": api.mint.token(api.user_id),
    }

    assert api.classify.post("/v1/classify", json={"message": "hm"}, headers=headers).is_success


def test_a_token_speaks_for_its_own_user_only(api: Api) -> None:
    body = {"message": "hm", "user_id": str(uuid4())}

    answer = api.classify.post("/v1/classify", json=body, headers=api.token())

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "another_users_id"
    assert not api.store.rows


def test_without_capture_nothing_is_kept(api: Api) -> None:
    body = {"message": "move it", "capture": False}

    answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert answer.json()["captured"] == "skipped"
    assert answer.json()["log_id"] is None
    assert not api.store.rows


def test_the_answer_comes_when_the_store_does_not(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.store.reachable = api.spool.reachable = False
    body = {"message": "move my secret to friday", "user_id": str(api.user_id)}

    with caplog.at_level(logging.DEBUG):
        answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert answer.json()["intent"] == "reschedule"
    assert answer.json()["captured"] == "lost"
    assert "A prompt was lost." in caplog.text
    assert "secret" not in caplog.text


def test_a_message_with_two_intents_answers_the_first_and_lists_the_other(api: Api) -> None:
    message = "finish the report and block an hour for it tomorrow"
    body = {"message": message, "user_id": str(api.user_id)}

    answer = api.classify.post("/v1/classify", json=body, headers=api.key).json()

    assert answer["intent"] == "task_management"
    assert answer["secondary_intents"] == [{"intent": "scheduling", "confidence": 0.9}]
    row = api.store.rows[UUID(answer["log_id"])].captured
    assert [other.intent for other in row.secondary_intents] == ["scheduling"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "hm"}, "user_id_missing"),
        ({"message": "hm", "user_id": "6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d"}, "unknown_user"),
        ({"message": ""}, "invalid_request"),
        ({"message": "x" * 4_001}, "invalid_request"),
        ({"message": "x" * 100_000}, "body_too_large"),
        ({"message": "a\x00b"}, "invalid_request"),
        ({"message": 7}, "invalid_request"),
        ({"message": None}, "invalid_request"),
        ({"message": "hm", "user_id": "me"}, "invalid_request"),
        ({"message": "hm", "capture": "yes"}, "invalid_request"),
        ({"message": "hm", "message_index": -1}, "invalid_request"),
        ({"message": "hm", "message_index": 2**31}, "invalid_request"),
        ({"message": "hm", "conversation_id": "c\x00"}, "invalid_request"),
        ({"message": "hm", "intent": "greeting"}, "invalid_request"),
        ({}, "invalid_request"),
        ([], "invalid_request"),
        ("hm", "invalid_request"),
        (None, "invalid_request"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(api: Api, body: object, code: str) -> None:
    answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["hint"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert not api.store.rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"message": "cut',
        b"\xff\xfe",
        b'{"message": "\xff"}',
        b'{"message": "\\ud800", "capture": false}',
        b"[" * 60_000,
        b'{"message_index": ' + b"9" * 5_000 + b"}",
    ],
)
def test_broken_bodies_are_refused(api: Api, content: bytes) -> None:
    headers = api.key | {"Content-Type": "application/json"}

    answer = api.classify.post("/v1/classify", content=content, headers=headers)

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["message"]


def test_a_body_without_a_content_type_is_read_as_json(api: Api) -> None:
    answer = api.classify.post("/v1/classify", content=b'{"message": "hm"}', headers=api.token())

    assert answer.json()["captured"] == "stored"


def test_a_form_is_told_what_to_send(api: Api) -> None:
    answer = api.classify.post("/v1/classify", data={"message": "hm"}, headers=api.token())

    assert answer.status_code == 422
    assert "application/json" in answer.json()["error"]["hint"]


def test_a_refused_message_is_not_repeated_in_the_answer(api: Api) -> None:
    body = {"message": "my secret\x00", "my secret field": 1}

    answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert "my secret\\u0000" not in answer.text
    assert "my secret\x00" not in answer.text


def test_paths_and_methods_that_do_not_exist_answer_in_the_one_shape(api: Api) -> None:
    assert api.classify.get("/nowhere").json()["error"]["code"] == "not_found"
    assert api.classify.get("/v1/classify").json()["error"]["code"] == "method_not_allowed"
    assert api.classify.get("/v1/classify").headers["allow"] == "POST"


def test_an_unexpected_error_leaks_nothing(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the text was: my secret")

    monkeypatch.setattr(KeywordClassifier, "classify", broken)
    body = {"message": "my secret", "user_id": str(api.user_id)}

    with caplog.at_level(logging.DEBUG):
        answer = api.classify.post("/v1/classify", json=body, headers=api.key)

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "An unexpected RuntimeError" in caplog.text
    assert "my secret" not in answer.text + caplog.text


def test_the_description_has_an_example_of_each_request(api: Api) -> None:
    clients: list[TestClient] = [api.classify, api.outcomes, api.corrections]
    for client in clients:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        request = next(name for name in schemas if name.endswith("Request"))
        assert schemas[request]["examples"]


def test_a_correlation_id_comes_back_and_one_is_given_where_there_is_none(api: Api) -> None:
    body = {"message": "hm", "user_id": str(api.user_id)}

    def sent(given: dict[str, str]) -> dict[str, str]:
        answer = api.classify.post("/v1/classify", json=body, headers=api.key | given)
        return dict(answer.headers)

    followed, alone = sent({"X-Correlation-Id": "order-17"}), sent({})
    odd = sent({"X-Correlation-Id": "my secret is long"})

    assert followed["x-correlation-id"] == "order-17"
    assert alone["x-correlation-id"] == alone["x-request-id"]
    assert odd["x-correlation-id"] == odd["x-request-id"]


def test_what_is_logged_of_a_request_names_its_correlation_id(api: Api) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[assignment]
    handler.addFilter(CorrelationFilter())
    logging.getLogger().addHandler(handler)
    api.store.reachable = False

    api.classify.post(
        "/v1/classify",
        json={"message": "hm", "user_id": str(api.user_id)},
        headers=api.key | {"X-Correlation-Id": "order-17"},
    )
    logging.getLogger().removeHandler(handler)

    ours = [record for record in records if record.name.startswith("prompt_capture")]
    assert {record.__dict__["correlation_id"] for record in ours} == {"order-17"}
