"""The database stops during traffic, and starts again."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.end_to_end.conftest import DeployedStack

pytestmark = pytest.mark.usefixtures("storing_again")

MESSAGES = ["move my dentist to friday", "hello", "what is left for today?"] * 40


def test_an_outage_changes_no_response_and_every_prompt_is_stored_later(
    deployment: DeployedStack,
) -> None:
    expected = {message: deployment.classify(message)["intent"] for message in set(MESSAGES)}

    def send(message: str) -> tuple[str, dict[str, Any]]:
        return message, deployment.classify(message)

    with ThreadPoolExecutor(3) as senders:
        sent = [senders.submit(send, message) for message in MESSAGES]
        while not sent[20].done():
            time.sleep(0.01)
        deployment.stack.stop_postgres()
        responses = [future.result() for future in sent]
        deployment.stack.start_postgres()

    assert all(response["intent"] == expected[message] for message, response in responses)
    captured = [response["captured"] for _, response in responses]
    assert captured[0] == "stored"
    assert captured[-1] == "spooled"
    assert set(captured) == {"stored", "spooled"}
    deployment.wait_for_rows(len(responses) + len(expected))
    rows = [str(row["id"]) for row in deployment.rows()]
    assert len(rows) == len(responses) + len(expected)
    assert {response["log_id"] for _, response in responses} <= set(rows)


def test_during_an_outage_outcomes_and_corrections_fail_with_503(
    deployment: DeployedStack,
) -> None:
    log_id = deployment.classify("hello")["log_id"]

    deployment.stack.stop_postgres()
    outcome = deployment.record_outcome(log_id, True)
    correction = deployment.correct(log_id, "help", deployment.token(deployment.reviewer))
    deployment.stack.start_postgres()

    for response in (outcome, correction):
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "store_unavailable"
    assert deployment.record_outcome(log_id, True).is_success
