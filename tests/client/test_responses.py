"""Only an answer that is the service's own, and whole, counts as one."""

import json
from math import inf, nan
from uuid import UUID

import pytest

from prompt_capture.client import Classification, NoResponse
from prompt_capture.client.responses import parse_classification, parse_recording
from prompt_capture.client.retries import ServiceResponse

from .scripted_service import CLASSIFICATION

VALID = json.dumps(CLASSIFICATION)
SECONDARY = {"intent": "scheduling", "confidence": 0.7}


def classification_in(body: bytes) -> Classification:
    return parse_classification(ServiceResponse(200, body))


@pytest.mark.parametrize(
    "changes",
    [
        *({"confidence": value} for value in (nan, inf, -inf, -0.1, 1.1, 10**400)),
        *({"confidence": value} for value in (None, "0.9", True, [0.9], {"value": 0.9})),
        *({"scope": value} for value in (nan, inf, -0.1, 1.1, "0.8", False)),
        *({"log_id": value} for value in (None, "", "17", 17, [], CLASSIFICATION["log_id"][:-1])),
        *({"intent": value} for value in (None, "", 7, ["reschedule"])),
        *({"captured": value} for value in (None, "", "no_response", "saved", True, 1)),
        {"captured": "skipped"},
        *({"needs_review": value} for value in (None, "false", 0)),
        *({"shortened": value} for value in ("no", 1)),
        *({"secondary_intents": value} for value in (None, "x", {}, [None], ["x"], [{}])),
        *({"secondary_intents": [SECONDARY | {"confidence": value}]} for value in (nan, 2, "0.7")),
        {"secondary_intents": [SECONDARY | {"intent": ""}]},
        *({"source": 7}, {"model_version": 7}, {"error_code": "none"}),
    ],
    ids=lambda changes: ascii(changes)[:60],
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
    ids=lambda body: ascii(body[:30]),
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
    changes = {"captured": captured, "scope": scope, "confidence": 1, "secondary_intents": []}
    classification = classification_in(json.dumps(CLASSIFICATION | changes).encode())
    assert classification.log_id == UUID(CLASSIFICATION["log_id"])
    assert (classification.scope, classification.confidence) == (scope, 1.0)


@pytest.mark.parametrize("log_id", [None, "", "17", 17, True, [], CLASSIFICATION["log_id"][:-1]])
def test_a_recording_without_a_valid_log_id_is_none(log_id: object) -> None:
    with pytest.raises(NoResponse, match="invalid_response"):
        parse_recording(ServiceResponse(200, json.dumps({"log_id": log_id}).encode()))
