"""What the endpoints accept as a body, from clients in any language."""

import asyncio
import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mangum import Mangum

from prompt_capture.api.json_route import replace_half_pairs
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.text import normalise
from tests.unit.conftest import ApiFixture

JSON = {"Content-Type": "application/json"}


def _send(api: ApiFixture, content: bytes, headers: dict[str, str] = JSON) -> Any:
    return api.classify.post("/v1/classify", content=content, headers=api.token() | headers)


def _captured(api: ApiFixture) -> CapturedPrompt:
    (row,) = api.store.rows.values()
    return row.captured


@pytest.mark.parametrize(
    ("message", "captured"),
    [
        (r"nice \ud83d", "nice \ufffd"),
        (r"\uDE00 nice", "\ufffd nice"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\n\u0041", "\ufffd\nA"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d \"\\\\ude00", '\\\ufffd "\\\\ude00'),
        (r"a\u0000b", "ab"),
    ],
)
def test_every_escape_that_json_allows_is_captured(
    api: ApiFixture, message: str, captured: str
) -> None:
    response = _send(api, f'{{"message": "{message}"}}'.encode())

    assert response.json()["captured"] == "stored"
    assert _captured(api).prompt == captured


@given(st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"])))
def test_only_unpaired_surrogates_are_replaced(text: str) -> None:
    """Python's parser, unlike ours, accepts them."""
    escaped = json.dumps(text).encode()

    expected = json.loads(escaped).encode("utf-8", "surrogatepass")
    for half in range(0xD800, 0xE000):
        expected = expected.replace(chr(half).encode("utf-8", "surrogatepass"), b"\xef\xbf\xbd")

    assert json.loads(replace_half_pairs(escaped)).encode() == expected


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"message": "hm"}',
        b'\xef\xbb\xbf\r\n {"message" : "hm"} \r\n',
        b'{"message": "other", "message": "hm"}',
        b'{"message": "hm", "conversation_id": "", "message_index": "", "user_id": ""}',
        b'{"message": "hm", "conversation_id": null, "message_index": null, "user_id": null}',
        b'{"message": "hm", "conversation_id": "\\u0000"}',
    ],
)
def test_a_body_that_differs_only_in_its_form_is_read_as_the_same_message(
    api: ApiFixture, content: bytes
) -> None:
    assert _send(api, content).json()["captured"] == "stored"

    captured = _captured(api)
    assert captured.prompt == "hm"
    assert captured.user_id == api.user_id
    assert (captured.conversation_id, captured.message_index) == (None, None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        JSON,
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "application/problem+JSON"},
        {"Content-Encoding": "identity"},
        {"Content-Encoding": "UTF-8"},
        {"Content-Type": ""},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": " \t"},
    ],
)
def test_a_json_body_is_read_with_any_header_that_describes_it(
    api: ApiFixture, headers: dict[str, str]
) -> None:
    assert _send(api, b'{"message": "hm"}', headers).json()["captured"] == "stored"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"message": "cut',
        b"\xff\xfe",
        '{"message": "hm"}'.encode("utf-16"),
        '{"message": "café"}'.encode("latin-1"),
        b'{"message": "\xed\xa0\xbd"}',
        b'{"message": "\\ud83"}',
        b'{"message": "\\ud83d',
        b'{"message": "hm", "user_id": "\\ud83d"}',
        b'{"message": "hm", "\\ud83d": 1}',
        b'{"message": "hm"} {"message": "hm"}',
        b"{'message': 'hm'}",
        b"[" * 60_000,
        b'{"message": ' * 20_000,
        b'{"message": "hm", "conversation_id": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"message": "hm", "message_index": ' + b"9" * 5_000 + b"}",
        b'{"message": "hm", "message_index": NaN}',
        b'{"message": "hm", "message_index": -Infinity}',
        b'{"message": "hm", "message_index": 1e400}',
        b'{"message": "hm", "message_index": 0.5}',
        gzip.compress(b'{"message": "hm"}', mtime=0),
    ],
    ids=lambda content: ascii(content[:40]),
)
def test_a_malformed_body_is_rejected_with_a_hint(api: ApiFixture, content: bytes) -> None:
    response = _send(api, content)

    assert 400 <= response.status_code < 500
    assert response.json()["error"]["message"]
    assert response.json()["error"]["hint"]
    assert not api.store.rows


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_body_is_rejected(api: ApiFixture, encoding: str) -> None:
    content = gzip.compress(b'{"message": "hm"}')

    response = _send(api, content, JSON | {"Content-Encoding": encoding})

    assert response.status_code == 415
    assert response.json()["error"]["code"] == "unsupported_encoding"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
)
def test_another_content_type_gets_a_hint_what_to_send(api: ApiFixture, media_type: str) -> None:
    response = _send(api, b'{"message": "hm"}', {"Content-Type": media_type})

    assert response.status_code == 422
    assert "application/json" in response.json()["error"]["hint"]


@pytest.fixture
def event_loop_of_the_thread() -> Iterator[None]:
    """The event loop that Mangum runs the app on, as in a function."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.usefixtures("event_loop_of_the_thread")
@pytest.mark.parametrize("is_base64", [False, True])
def test_a_lambda_event_is_read_as_text_and_in_base64(api: ApiFixture, is_base64: bool) -> None:
    content = '\ufeff{"message": "café \\ud83d"}'.encode()
    event = {
        "version": "2.0",
        "rawPath": "/v1/classify",
        "rawQueryString": "",
        "headers": api.token() | JSON,
        "requestContext": {
            "http": {"method": "POST", "path": "/v1/classify", "sourceIp": "127.0.0.1"}
        },
        "body": base64.b64encode(content).decode() if is_base64 else content.decode(),
        "isBase64Encoded": is_base64,
    }

    result = Mangum(api.classify.app, lifespan="off")(event, None)  # type: ignore[arg-type]

    assert result["statusCode"] == 200, result
    assert _captured(api).prompt == "café \ufffd"


def test_only_the_start_of_a_long_message_is_classified_and_captured(api: ApiFixture) -> None:
    message = "move my dentist " * 250 + "to friday"

    response = _send(api, json.dumps({"message": message}).encode()).json()

    assert (response["intent"], response["captured"]) == ("reschedule", "stored")
    assert response["shortened"] is True
    assert _captured(api).prompt == message[:4_000]


def test_a_message_of_4000_characters_is_not_shortened(api: ApiFixture) -> None:
    message = "\U0001f600" * 4_000

    response = _send(api, json.dumps({"message": message}).encode()).json()

    assert response["shortened"] is False
    assert _captured(api).prompt == message


@pytest.mark.parametrize(
    ("message", "captured"),
    [
        ("", " "),
        ("\0", " "),
        ("\0" * 9_000, " "),
        (" ", " "),
        (" \0\n", " \n"),
        ("\u3000", "\u3000"),
        ("\u200b", "\u200b"),
        ("\ufeff\0", "\ufeff"),
        ("\u2060\u00ad", "\u2060\u00ad"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_message_without_a_visible_character_is_captured_and_can_have_an_outcome(
    api: ApiFixture, message: str, captured: str
) -> None:
    response = _send(api, json.dumps({"message": message}).encode()).json()

    assert (response["captured"], response["shortened"]) == ("stored", False)
    row = _captured(api)
    assert (row.prompt, normalise(row.prompt)) == (captured, "")
    outcome = {"log_id": response["log_id"], "was_successful": True, "workflow_type": "t"}
    assert api.outcomes.post("/v1/outcomes", json=outcome, headers=api.key).status_code == 200


def test_empty_messages_with_one_idempotency_key_are_one_message(api: ApiFixture) -> None:
    headers = JSON | {"Idempotency-Key": "message-17"}

    answers = [
        _send(api, json.dumps({"message": message}).encode(), headers).json()
        for message in ("", "\0", " ")
    ]

    assert answers[0]["log_id"] == answers[1]["log_id"] == answers[2]["log_id"]


@pytest.mark.parametrize("empty", ["", " ", "\n\t", "\0", " \0 "])
def test_an_empty_text_of_an_outcome_or_correction_counts_as_absent(
    api: ApiFixture, empty: str
) -> None:
    log_id = api.log()
    outcome = {
        "log_id": log_id,
        "was_successful": False,
        "workflow_type": "t",
        "execution_error": empty,
    }
    correction = {
        "log_id": log_id,
        "corrected_intent": "reminder",
        "reviewer": "ann",
        "notes": empty,
    }

    recorded = api.outcomes.post("/v1/outcomes", json=outcome, headers=api.key)
    corrected = api.corrections.post("/v1/corrections", json=correction, headers=api.key)

    assert (recorded.status_code, corrected.status_code) == (200, 200)
    row = api.store.rows[UUID(log_id)]
    assert row.outcome
    assert row.correction
    assert (row.outcome.execution_error, row.correction.notes) == (None, None)


@pytest.mark.parametrize("character", ["x", "\U0001f600", "\x01"])
def test_a_long_text_of_an_outcome_or_correction_is_shortened_and_says_so(
    api: ApiFixture, character: str
) -> None:
    log_id = api.log()
    outcome = {
        "log_id": log_id,
        "was_successful": False,
        "workflow_type": "t\0",
        "execution_error": character * 20_000,
    }
    correction = {
        "log_id": log_id,
        "corrected_intent": "reminder",
        "reviewer": "ann\0",
        "notes": character * 20_000,
    }

    recorded = api.outcomes.post("/v1/outcomes", json=outcome, headers=api.key)
    corrected = api.corrections.post("/v1/corrections", json=correction, headers=api.key)

    assert (recorded.status_code, corrected.status_code) == (200, 200)
    row = api.store.rows[UUID(log_id)]
    assert row.outcome
    assert row.correction
    assert row.outcome.workflow_type == "t"
    assert row.outcome.execution_error == character * 7_988 + " [shortened]"
    assert row.correction.corrected_by == "ann"
    assert row.correction.notes == character * 1_988 + " [shortened]"
