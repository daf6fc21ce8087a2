"""What a backend gets for a message, however the service behaves."""

import logging
import time
from dataclasses import replace

import pytest

from prompt_capture.client import CaptureError, Classification, NoResponse, RequestRejected, Service

from .conftest import Connect
from .service import CLASSIFIED, DROP, HANG, TRICKLE, ScriptedService

MESSAGE = "move my appointment with doctor krusenberg"
BUSY = (503, {"error": {"code": "store_unavailable", "message": "x"}, "request_id": "r-1"})


async def test_an_answer_is_typed_and_fields_of_a_newer_service_are_ignored(
    connect: Connect,
) -> None:
    answer = await connect().classify(MESSAGE, user_id="u")
    assert str(answer.log_id) == CLASSIFIED["log_id"]
    assert answer.secondary_intents[0].intent == "scheduling"
    assert (answer.intent, answer.captured, answer.error_code) == ("reschedule", "stored", None)


async def test_a_backend_sends_its_key_and_a_user_a_token_instead(
    connect: Connect, scripted: ScriptedService, service: Service
) -> None:
    await connect().classify(MESSAGE, user_id="u", conversation_id="c", message_index=0)
    await connect().classify(MESSAGE, token="t")
    await connect(replace(service, api_key=None)).classify(MESSAGE)
    by_key, by_token, by_nobody = scripted.asked
    assert by_key.body == {
        "message": MESSAGE,
        "user_id": "u",
        "conversation_id": "c",
        "message_index": 0,
    }
    assert by_key.headers["x-api-key"] == "pc_key"
    assert by_token.headers["x-user-token"] == "t"
    assert "x-api-key" not in by_token.headers.keys() | by_nobody.headers.keys()


@pytest.mark.parametrize("fault", [BUSY, (429, {}), (500, {}), DROP, HANG, TRICKLE], ids=str)
async def test_a_passing_fault_is_met_by_the_same_request_under_the_same_key(
    connect: Connect, scripted: ScriptedService, fault: object
) -> None:
    scripted.script = [fault, (200, CLASSIFIED)]  # type: ignore[list-item]
    answer = await connect().classify(MESSAGE, user_id="u")
    assert answer.captured == "stored"
    first, second = scripted.asked
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


async def test_each_message_has_a_key_of_its_own_unless_the_caller_names_it(
    connect: Connect, scripted: ScriptedService
) -> None:
    client = connect()
    await client.classify(MESSAGE, user_id="u")
    await client.classify(MESSAGE, user_id="u")
    await client.classify(MESSAGE, user_id="u", idempotency_key="message-17")
    keys = [asked.headers["idempotency-key"] for asked in scripted.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "message-17"


async def test_a_refusal_is_final(connect: Connect, scripted: ScriptedService) -> None:
    scripted.script = [(409, {"error": {"code": "idempotency_conflict"}, "request_id": "r-2"})]
    with pytest.raises(RequestRejected) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    assert (raised.value.status, raised.value.code) == (409, "idempotency_conflict")
    assert raised.value.request_id == "r-2"
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("fault", [BUSY, DROP, HANG, TRICKLE, (200, {"intent": MESSAGE})], ids=str)
async def test_no_fault_is_raised_unless_asked_and_none_holds_the_message(
    connect: Connect,
    scripted: ScriptedService,
    fault: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.script = [fault]  # type: ignore[list-item]
    with caplog.at_level(logging.DEBUG, "prompt_capture"):
        answer = await connect().classify(MESSAGE, user_id="u")
    assert (answer.intent, answer.captured, answer.log_id) == ("unknown", "unanswered", None)
    assert answer.needs_review
    assert answer.error_code
    assert answer.error_code in caplog.text
    assert MESSAGE not in caplog.text

    with pytest.raises(NoResponse) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    error: BaseException = raised.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert MESSAGE not in repr(error)


async def test_what_is_not_the_service_names_nothing_in_an_error(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(400, {"error": {"code": MESSAGE}, "request_id": MESSAGE})]
    with pytest.raises(CaptureError) as raised:
        await connect(raise_errors=True).classify(MESSAGE, user_id="u")
    assert raised.value.code == "status_400"
    assert MESSAGE not in str(raised.value)


async def test_a_call_ends_by_its_deadline_though_nobody_ever_answers(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [TRICKLE]
    began = time.monotonic()
    answer = await connect().classify(MESSAGE, user_id="u")
    assert answer.captured == "unanswered"
    assert time.monotonic() - began < 30  # the service itself would take a minute


async def test_a_service_that_is_not_there_costs_no_exception(
    connect: Connect, service: Service
) -> None:
    nowhere = replace(service, classify_url="http://127.0.0.1:9/classify")
    assert (await connect(nowhere).classify(MESSAGE, user_id="u")).error_code == "no_answer"
    nonsense = replace(service, classify_url="nonsense")
    assert (await connect(nonsense).classify(MESSAGE, user_id="u")).captured == "unanswered"


async def test_any_text_can_be_sent(connect: Connect, scripted: ScriptedService) -> None:
    await connect().classify("naïve 🦊 \ud800", user_id="u")
    assert scripted.bodies[0]["message"] == "naïve 🦊 \ud800"


def test_neither_a_service_nor_an_answer_shows_secrets(service: Service) -> None:
    assert "pc_key" not in repr(service)
    assert "message" not in Classification.model_fields
