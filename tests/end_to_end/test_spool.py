"""A prompt that the store cannot take is spooled, and then stored like any other."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt
from tests.end_to_end.conftest import DeployedStack


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


def drain(deployment: DeployedStack, *bodies: str) -> list[str]:
    """Invoke the drain as its queue does. Return the messages to deliver again."""
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    response = deployment.stack.lambda_client().invoke(
        FunctionName="drain", Payload=json.dumps({"Records": records}).encode()
    )
    report = json.loads(response["Payload"].read())
    return [failure["itemIdentifier"] for failure in report["batchItemFailures"]]


@pytest.mark.usefixtures("storing_again")
def test_outcome_and_correction_wait_for_a_prompt_that_is_in_the_spool(
    deployment: DeployedStack,
) -> None:
    deployment.stack.stop_postgres()
    spooled = deployment.classify("move my dentist to friday")
    deployment.stack.start_postgres()
    log_id = spooled["log_id"]
    outcome = deployment.record_outcome(log_id, False)
    correction = deployment.correct(log_id, "help", deployment.token(deployment.reviewer))
    deployment.wait_for_rows(1)

    assert spooled["captured"] == "spooled"
    for response in (outcome, correction):
        if response.status_code == 202:  # unless the prompt is drained already
            assert response.json() == {"status": "pending"}
        assert response.is_success
    deployment.wait_for_changes(log_id, {"was_successful": False, "corrected_intent": "help"})
    assert deployment.row(log_id)["prompt"] == "move my dentist to friday"


def test_only_messages_that_can_succeed_later_are_delivered_again(
    deployment: DeployedStack,
) -> None:
    ada = UUID(deployment.ada.id)
    good = message(ada)

    again = drain(deployment, good, message(uuid4()), "{", good.replace("move it", "other"))

    assert again == ["2"]
    assert sorted(row["prompt"] for row in deployment.rows()) == ["move it", "other"]


def test_three_deliveries_of_a_batch_store_it_once(deployment: DeployedStack) -> None:
    batch = [message(UUID(deployment.ada.id), str(number)) for number in range(100)]

    for _ in range(3):
        assert drain(deployment, *batch) == []

    assert len(deployment.rows()) == 100


@pytest.mark.usefixtures("storing_again")
def test_a_retried_request_returns_the_prompt_that_was_drained(
    deployment: DeployedStack,
) -> None:
    headers = deployment.key | {"Idempotency-Key": str(uuid4())}
    body = {"user_id": deployment.ada.id}
    deployment.stack.stop_postgres()
    first = deployment.classify("move it to friday", headers, **body)
    deployment.stack.start_postgres()
    deployment.wait_for_rows(1)

    again = deployment.classify("move it to friday", headers, **body)

    assert again == first | {"captured": "stored"}
    assert len(deployment.rows()) == 1
