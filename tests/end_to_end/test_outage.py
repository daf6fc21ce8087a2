"""The database goes away in mid-traffic, and comes back."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.end_to_end.conftest import Deployment

pytestmark = pytest.mark.usefixtures("well_again")

MESSAGES = ["move my dentist to friday", "hello", "what is left for today?"] * 40


def test_an_outage_changes_no_answer_and_breaks_no_later_request(deployment: Deployment) -> None:
    expected = {message: deployment.classify(message)["intent"] for message in set(MESSAGES)}

    def send(message: str) -> tuple[str, dict[str, Any]]:
        return message, deployment.classify(message)

    with ThreadPoolExecutor(3) as senders:
        sent = [senders.submit(send, message) for message in MESSAGES]
        while not sent[20].done():
            time.sleep(0.01)
        deployment.stack.stop_postgres()
        answers = [future.result() for future in sent]
        deployment.stack.start_postgres()

    assert all(answer["intent"] == expected[message] for message, answer in answers)
    captured = [answer["captured"] for _, answer in answers]
    assert captured[0] == "stored"
    assert captured[-1] == "spooled"
    assert set(captured) == {"stored", "spooled"}
    deployment.drained(len(answers) + len(expected))
    rows = [str(row["id"]) for row in deployment.rows()]
    assert len(rows) == len(answers) + len(expected)
    assert {answer["log_id"] for _, answer in answers} <= set(rows)


def test_during_an_outage_outcomes_and_corrections_ask_to_be_sent_again(
    deployment: Deployment,
) -> None:
    log_id = deployment.classify("hello")["log_id"]

    deployment.stack.stop_postgres()
    outcome = deployment.record_outcome(log_id, True)
    correction = deployment.correct(log_id, "help", deployment.token(deployment.reviewer))
    deployment.stack.start_postgres()

    for answer in (outcome, correction):
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "store_unavailable"
    assert deployment.record_outcome(log_id, True).is_success
