"""Only an answer that is the service's own, and whole, counts as one."""

import gzip
import json
import tracemalloc
from math import inf, nan
from uuid import UUID

import pytest

from prompt_capture.client import Classification, NoResponse
from prompt_capture.client.responses import parse_classification, parse_recording
from prompt_capture.client.retries import ServiceResponse

from .conftest import Connect
from .scripted_service import CLASSIFICATION, Response, ScriptedService

VALID = json.dumps(CLASSIFICATION)


def described(value: object) -> str:
    return ascii(value)[:60]


def changes_of(field: str, *values: object) -> list[dict[str, object]]:
    return [{field: value} for value in values]


def classification_in(body: bytes) -> Classification:
    return parse_classification(ServiceResponse(200, body))


@pytest.mark.parametrize(
    "changes",
    [
        *changes_of("confidence", nan, inf, -inf, -0.1, 1.1, 10**400),
        *changes_of("confidence", None, "0.9", True, [0.9], {"value": 0.9}),
        *changes_of("scope", nan, inf, -0.1, 1.1, "0.8", False),
        *changes_of("log_id", None, "", "17", 17, [], CLASSIFICATION["log_id"][:-1]),
        *changes_of("intent", None, "", 7, ["reschedule"]),
        *changes_of("captured", None, "", "no_response", "saved", True, 1),
        *changes_of("captured", "skipped"),
        *changes_of("needs_review", None, "false", 0),
        *changes_of("shortened", "no", 1),
        *changes_of("secondary_intents", None, "x", {}, [None], ["x"], [{}]),
        *changes_of("secondary_intents", [{"intent": "", "confidence": 0.7}]),
        *changes_of("secondary_intents", [{"intent": "scheduling", "confidence": nan}]),
        *changes_of("secondary_intents", [{"intent": "scheduling", "confidence": 2}]),
        *changes_of("secondary_intents", [{"intent": "scheduling", "confidence": "0.7"}]),
        *changes_of("source", 7),
        *changes_of("model_version", 7),
        *changes_of("error_code", "none"),
    ],
    ids=described,
)
def test_a_classification_with_an_invalid_field_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(NoResponse, match="invalid_response") as raised:
        classification_in(json.dumps(CLASSIFICATION | changes).encode())
    assert raised.value.__context__ is None


@pytest.mark.parametrize("field", ["log_id", "intent", "confidence", "captured"])
def test_a_classification_without_a_required_field_is_none(field: str) -> None:
    with pytest.raises(NoResponse, match="invalid_response"):
        classification_in(VALID.replace(f'"{field}"', '"other"').encode())


@pytest.mark.parametrize(
    "body",
    [
        VALID[:-1].encode(),
        f"[{VALID}]".encode(),
        VALID.encode("utf-16"),
        VALID.replace("reschedule", "\\ud83d").encode(),
        VALID.encode().replace(b"reschedule", b"\xff"),
        b"[" * 100_000,
        b"null",
        b"",
    ],
    ids=described,
)
def test_a_malformed_answer_is_none(body: bytes) -> None:
    with pytest.raises(NoResponse, match="invalid_response"):
        classification_in(body)
    for status in (200, 202):
        with pytest.raises(NoResponse, match="invalid_response"):
            parse_recording(ServiceResponse(status, body))


@pytest.mark.parametrize("captured", ["stored", "spooled", "writing", "lost"])
@pytest.mark.parametrize("scope", [None, 0, 1.0])
def test_a_classification_with_a_log_id_is_captured(captured: str, scope: float | None) -> None:
    changes: dict[str, object] = {
        "captured": captured,
        "scope": scope,
        "confidence": 1,
        "secondary_intents": [],
    }
    classification = classification_in(json.dumps(CLASSIFICATION | changes).encode())
    assert classification.log_id == UUID(CLASSIFICATION["log_id"])
    assert (classification.scope, classification.confidence) == (scope, 1.0)


@pytest.mark.parametrize("log_id", [None, "", "17", 17, True, [], CLASSIFICATION["log_id"][:-1]])
def test_a_recording_without_a_valid_log_id_is_none(log_id: object) -> None:
    with pytest.raises(NoResponse, match="invalid_response"):
        parse_recording(ServiceResponse(200, json.dumps({"log_id": log_id}).encode()))


def _compressed(body: bytes) -> Response:
    return 200, gzip.compress(body), {"Content-Encoding": "gzip"}


async def test_the_client_asks_for_no_compression_and_reads_it_all_the_same(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [_compressed(VALID.encode())]

    assert (await connect().classify("hm", user_id="u")).captured == "stored"

    assert scripted.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "response",
    [
        _compressed(b" " * 50_000_000),
        (200, VALID.encode(), {"Content-Encoding": "gzip"}),
        (200, gzip.compress(VALID.encode())[:-20], {"Content-Encoding": "gzip"}),
    ],
    ids=["a bomb", "not compressed", "incomplete"],
)
async def test_a_compressed_answer_that_is_not_the_services_own_is_none(
    connect: Connect, scripted: ScriptedService, response: Response
) -> None:
    scripted.script = [response]
    tracemalloc.start()

    answer = await connect().classify("hm", user_id="u")

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.error_code == "invalid_response"
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "body",
    [
        (b"<html>", {"Content-Encoding": "gzip"}),
        (b" " * 2_000_000, {}),
        _compressed(b" " * 2**21)[1:],
    ],
    ids=["not compressed", "too long", "a bomb"],
)
async def test_an_error_stays_one_whatever_its_body_is(
    connect: Connect, scripted: ScriptedService, body: tuple[bytes, dict[str, str]]
) -> None:
    scripted.script = [(502, *body), (200, CLASSIFICATION), (403, *body)]
    client = connect()

    assert (await client.classify("hm", user_id="u")).captured == "stored"
    assert (await client.classify("hm", user_id="u")).error_code == "status_403"
