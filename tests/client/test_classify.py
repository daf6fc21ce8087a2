"""The classification that a backend receives, whatever the service does."""

import logging
import math
import time
from dataclasses import replace
from typing import Any

import pytest

from prompt_capture.api.classify import ClassifyResponse
from prompt_capture.client import (
    CaptureClient,
    CaptureError,
    Classification,
    NoResponse,
    RequestRejected,
    Service,
)
from prompt_capture.client.connections import PerProcess

from .conftest import HALF_PATIENT, IMPATIENT, Connect
from .scripted_service import CLASSIFICATION, DROP, HANG, TRICKLE, ScriptedService

MESSAGE = "move my appointment with doctor krusenberg"
BUSY = (503, {"error": {"code": "store_unavailable", "message": "x"}, "request_id": "r-1"})


async def test_a_response_is_typed_and_unknown_fields_are_ignored(
    connect: Connect,
) -> None:
    classification = await connect().classify(MESSAGE, user_id="u")
    assert str(classification.log_id) == CLASSIFICATION["log_id"]
    assert classification.secondary_intents[0].intent == "scheduling"
    assert (classification.intent, classification.captured, classification.error_code) == (
        "reschedule",
        "stored",
        None,
    )


@pytest.mark.parametrize("is_shortened", [True, False])
async def test_the_answer_says_whether_the_message_was_shortened(
    connect: Connect, scripted: ScriptedService, is_shortened: bool
) -> None:
    scripted.script = [(200, CLASSIFICATION | {"shortened": is_shortened})]
    assert (await connect().classify(MESSAGE, user_id="u")).shortened is is_shortened


def test_the_client_knows_every_field_of_the_services_answer() -> None:
    """A field that the client lacks would be ignored without a word."""
    assert ClassifyResponse.model_fields.keys() <= Classification.model_fields.keys()


async def test_a_request_carries_the_api_key_or_the_users_token(
    connect: Connect, scripted: ScriptedService, service: Service
) -> None:
    await connect().classify(MESSAGE, user_id="u", conversation_id="c", message_index=0)
    await connect().classify(MESSAGE, token="t")
    await connect(replace(service, api_key=None)).classify(MESSAGE)
    with_key, with_token, without = scripted.requests
    assert with_key.body == {
        "message": MESSAGE,
        "user_id": "u",
        "conversation_id": "c",
        "message_index": 0,
    }
    assert with_key.headers["x-api-key"] == "pc_key"
    assert with_token.headers["x-user-token"] == "t"
    assert "x-api-key" not in with_token.headers.keys() | without.headers.keys()


@pytest.mark.parametrize("fault", [BUSY, (429, {}), (500, {}), DROP, HANG, TRICKLE], ids=str)
async def test_a_transient_error_is_retried_with_the_same_request_and_idempotency_key(
    connect: Connect, scripted: ScriptedService, fault: object
) -> None:
    scripted.script = [fault, (200, CLASSIFICATION)]  # type: ignore[list-item]
    classification = await connect(timeouts=HALF_PATIENT).classify(MESSAGE, user_id="u")
    assert classification.captured == "stored"
    first, second = scripted.requests
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_each_message_has_its_own_idempotency_key_unless_the_caller_sends_one(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    await client.classify(MESSAGE, user_id="u")
    await client.classify(MESSAGE, user_id="u")
    await client.classify(MESSAGE, user_id="u", idempotency_key="message-17")
    keys = [request.headers["idempotency-key"] for request in scripted.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "message-17"


async def test_a_rejected_request_is_not_retried(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(409, {"error": {"code": "idempotency_conflict"}, "request_id": "r-2"})]
    with pytest.raises(RequestRejected) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    assert (raised.value.status, raised.value.code) == (409, "idempotency_conflict")
    assert raised.value.request_id == "r-2"
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("fault", [BUSY, DROP, HANG, TRICKLE, (200, {"intent": MESSAGE})], ids=str)
async def test_errors_are_raised_only_on_request_and_never_contain_the_message(
    connect: Connect,
    scripted: ScriptedService,
    fault: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.script = [fault]  # type: ignore[list-item]
    with caplog.at_level(logging.DEBUG, "prompt_capture"):
        classification = await connect(timeouts=IMPATIENT).classify(MESSAGE, user_id="u")
    assert (classification.intent, classification.captured, classification.log_id) == (
        "unknown",
        "no_response",
        None,
    )
    assert classification.needs_review
    assert classification.error_code
    assert classification.error_code in caplog.text
    assert MESSAGE not in caplog.text

    with pytest.raises(NoResponse) as raised:
        await connect(timeouts=IMPATIENT, raise_errors=True).classify(MESSAGE, user_id="u")
    error: BaseException = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert MESSAGE not in repr(error)


@pytest.mark.parametrize(
    "changes",
    [{"confidence": math.nan}, {"log_id": None}, {"log_id": "17"}, {"intent": 7}],
    ids=str,
)
async def test_an_answer_with_an_invalid_field_is_no_answer(
    connect: Connect, scripted: ScriptedService, changes: dict[str, object]
) -> None:
    scripted.script = [(200, CLASSIFICATION | changes)]
    classification = await connect().classify(MESSAGE, user_id="u")
    assert classification == Classification.without_response("invalid_response")
    with pytest.raises(NoResponse, match="invalid_response"):
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    assert len(scripted.requests) == 2


async def test_a_message_that_is_not_captured_has_no_log_id(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(200, CLASSIFICATION | {"captured": "skipped", "log_id": None})]
    classification = await connect().classify(MESSAGE, user_id="u", capture=False)
    assert (classification.log_id, classification.error_code) == (None, None)


async def test_the_content_of_a_foreign_error_response_is_not_repeated(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(400, {"error": {"code": MESSAGE}, "request_id": MESSAGE})]
    with pytest.raises(CaptureError) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    assert raised.value.code == "status_400"
    assert MESSAGE not in str(raised.value)


INVALID = "user_id: Input should be a valid UUID; tags.0: not permitted; plans: of the message"


async def test_a_rejection_names_the_fields_that_are_to_blame(
    connect: Connect, scripted: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    error = {"code": "invalid_request", "message": INVALID}
    scripted.script = [(422, {"error": error, "request_id": "r-1"})]
    with pytest.raises(RequestRejected) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="17", tags=[MESSAGE])
    assert raised.value.fields == ("user_id", "tags")
    assert "(invalid_request: user_id, tags, request r-1)" in str(raised.value)

    answer = await connect().classify(MESSAGE, user_id="17", tags=[MESSAGE])
    assert answer.error_code == "invalid_request"
    assert "A message was not classified (invalid_request: user_id, tags)." in caplog.messages


@pytest.mark.parametrize("message", [None, ["user_id: no"], 7], ids=str)
async def test_a_rejection_without_a_text_keeps_its_code(
    connect: Connect, scripted: ScriptedService, message: object
) -> None:
    scripted.script = [(422, {"error": {"code": "invalid_request", "message": message}})]
    with pytest.raises(RequestRejected) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="17")
    assert (raised.value.code, raised.value.fields) == ("invalid_request", ())


async def test_a_field_that_cannot_be_sent_is_named(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await connect().classify(MESSAGE, user_id="u", conversation_id="c", tags=object())
    assert answer.error_code == "TypeError"
    assert "A message was not classified (TypeError: tags)." in caplog.messages


async def test_cookies_of_proxies_are_not_kept(connect: Connect, scripted: ScriptedService) -> None:
    """One with a byte outside ASCII would prevent every further request."""
    cookies = ["session=1", "\xff=\xfe", "long=" + "x" * 4_000]
    scripted.script = [(200, CLASSIFICATION, {"Set-Cookie": cookie}) for cookie in cookies]
    client = connect()
    for _ in cookies:
        assert (await client.classify(MESSAGE, user_id="u")).captured == "stored"
    assert (await client.classify(MESSAGE, user_id="u")).captured == "stored"
    assert not any("cookie" in request.headers for request in scripted.requests)


async def test_a_call_without_a_response_ends_at_its_deadline(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [TRICKLE]
    started_at = time.monotonic()
    classification = await connect(timeouts=IMPATIENT).classify(MESSAGE, user_id="u")
    assert classification.captured == "no_response"
    assert time.monotonic() - started_at < 30  # the service hangs for a minute


async def test_an_unreachable_service_raises_no_exception(
    connect: Connect, service: Service
) -> None:
    unreachable = replace(service, classify_url="http://127.0.0.1:9/classify")
    assert (await connect(unreachable).classify(MESSAGE, user_id="u")).error_code == "no_response"


def test_a_client_that_another_thread_closes_opens_again(
    service: Service, scripted: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureClient(service) as client:
        get = PerProcess.get

        def get_and_close(connections: PerProcess[Any]) -> Any:
            http = get(connections)
            monkeypatch.undo()
            client.close()
            return http

        monkeypatch.setattr(PerProcess, "get", get_and_close)
        assert client.classify(MESSAGE, user_id="u").captured == "stored"
    assert len(scripted.requests) == 1


def test_reprs_contain_no_secret(service: Service) -> None:
    assert "pc_key" not in repr(service)
    assert "message" not in Classification.model_fields
