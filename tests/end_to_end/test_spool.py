"""A prompt that the store cannot take goes through the spool, and ends up as if it had not."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt
from tests.end_to_end.conftest import Deployment


def message(user_id: UUID, text: str = "move it") -> str:
    prompt = CapturedPrompt(
        id=new_log_id(),
        user_id=user_id,
        prompt=text,
        predicted_intent="reschedule",
        confidence=0.9,
        source="model",
        model_version="test-1",
    )
    return SpooledPrompt(
        spooled_at=datetime.now(UTC), reason="too_slow", prompt=prompt
    ).model_dump_json()


def drain(deployment: Deployment, *bodies: str) -> list[str]:
    """Invoke the drain as its queue does, and answer which messages must come again."""
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = deployment.stack.lambda_client().invoke(
        FunctionName="drain", Payload=json.dumps({"Records": records}).encode()
    )
    report = json.loads(answer["Payload"].read())
    return [failure["itemIdentifier"] for failure in report["batchItemFailures"]]


@pytest.mark.usefixtures("well_again")
def test_outcome_and_correction_wait_for_a_prompt_that_is_in_the_spool(
    deployment: Deployment,
) -> None:
    deployment.stack.stop_postgres()
    spooled = deployment.classify("move my dentist to friday")
    deployment.stack.start_postgres()
    log_id = spooled["log_id"]
    outcome = deployment.record_outcome(log_id, False)
    correction = deployment.correct(log_id, "help", deployment.token(deployment.reviewer))
    deployment.drained(1)

    assert spooled["captured"] == "spooled"
    for answer in (outcome, correction):
        if answer.status_code == 202:  # unless the drain was quicker
            assert answer.json() == {"status": "pending"}
        assert answer.is_success
    row = deployment.row(log_id)
    assert row["was_successful"] is False
    assert row["corrected_intent"] == "help"
    assert row["prompt"] == "move my dentist to friday"


def test_only_what_may_succeed_later_comes_again(deployment: Deployment) -> None:
    ada = UUID(deployment.ada.id)
    good = message(ada)

    again = drain(deployment, good, message(uuid4()), "{", good.replace("move it", "other"))

    assert again == ["2"]
    assert sorted(row["prompt"] for row in deployment.rows()) == ["move it", "other"]


def test_three_replays_of_a_batch_store_it_once(deployment: Deployment) -> None:
    batch = [message(UUID(deployment.ada.id), str(number)) for number in range(100)]

    for _ in range(3):
        assert drain(deployment, *batch) == []

    assert len(deployment.rows()) == 100


@pytest.mark.usefixtures("well_again")
def test_a_retried_request_meets_the_row_that_came_through_the_spool(
    deployment: Deployment,
) -> None:
    headers = deployment.key | {"Idempotency-Key": str(uuid4())}
    body = {"user_id": deployment.ada.id}
    deployment.stack.stop_postgres()
    first = deployment.classify("move it to friday", headers, **body)
    deployment.stack.start_postgres()
    deployment.drained(1)

    again = deployment.classify("move it to friday", headers, **body)

    assert again == first | {"captured": "stored"}
    assert len(deployment.rows()) == 1
