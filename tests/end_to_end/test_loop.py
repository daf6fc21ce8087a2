"""One message through the whole loop, over the network, on real components."""

import json
from uuid import UUID

from tests.end_to_end.conftest import Deployment

TWO_INTENTS = "finish the report and block an hour for it tomorrow"


def test_a_message_is_classified_captured_and_answered(deployment: Deployment) -> None:
    answer = deployment.classify(
        "move my dentist appointment to friday", conversation_id="c-1", message_index=3
    )

    assert answer["intent"] == "reschedule"
    assert answer["source"] == "model"
    assert answer["captured"] == "stored"
    assert answer["needs_review"] is False
    row = deployment.row(answer["log_id"])
    assert row["prompt"] == "move my dentist appointment to friday"
    assert row["predicted_intent"] == "reschedule"
    assert row["confidence"] == answer["confidence"]
    assert row["model_version"] == answer["model_version"]
    assert (row["conversation_id"], row["message_index"]) == ("c-1", 3)
    assert str(row["user_id"]) == deployment.ada.id
    assert row["corrected_intent"] is row["was_successful"] is None


def test_a_user_calls_with_their_own_token(deployment: Deployment) -> None:
    answer = deployment.classify("hello there", deployment.token(deployment.ben))

    assert answer["source"] == "rule"
    assert answer["intent"] == "greeting"
    assert str(deployment.row(answer["log_id"])["user_id"]) == deployment.ben.id


def test_rules_and_model_are_both_logged(deployment: Deployment) -> None:
    for message in ("thanks!", "what is left for today?"):
        deployment.classify(message)

    assert [row["source"] for row in deployment.rows()] == ["rule", "model"]


def test_a_message_with_two_intents_keeps_both(deployment: Deployment) -> None:
    answer = deployment.classify(TWO_INTENTS)

    assert answer["intent"] == "task_management"
    assert [other["intent"] for other in answer["secondary_intents"]] == ["scheduling"]
    assert deployment.row(answer["log_id"])["secondary_intents"] == answer["secondary_intents"]


def test_without_capture_there_is_no_trace(deployment: Deployment) -> None:
    answer = deployment.classify("move my dentist", deployment.key, capture=False)

    assert answer["captured"] == "skipped"
    assert answer["log_id"] is None
    assert deployment.rows() == []


def test_ids_follow_the_order_of_capture(deployment: Deployment) -> None:
    ids = [deployment.classify("hi")["log_id"] for _ in range(5)]

    assert ids == sorted(ids)
    assert [str(row["id"]) for row in deployment.rows()] == ids
    assert {UUID(log_id).version for log_id in ids} == {7}


def test_an_outcome_lands_in_the_row_once(deployment: Deployment) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    for _ in range(2):
        answer = deployment.record_outcome(log_id, False, execution_error="The calendar is down.")
        assert answer.json() == {"log_id": log_id, "was_successful": False}

    row = deployment.row(log_id)
    assert row["was_successful"] is False
    assert row["execution_error"] == "The calendar is down."
    assert row["updated_at"] == row["outcome_recorded_at"]


def test_reviewers_and_backends_correct(deployment: Deployment) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    by_token = deployment.correct(log_id, "scheduling", deployment.token(deployment.reviewer))
    assert by_token.json()["corrected_by"] == deployment.reviewer.id

    body = {"log_id": log_id, "corrected_intent": "reschedule", "reviewer": "grace", "notes": "n"}
    deployment.http.post(deployment.stack.corrections_url, json=body, headers=deployment.key)

    row = deployment.row(log_id)
    assert (row["corrected_intent"], row["corrected_by"]) == ("reschedule", "grace")
    assert row["correction_notes"] == "n"


def test_the_retraining_dataset_has_the_missions_lines(deployment: Deployment) -> None:
    confident = deployment.classify("move my dentist appointment to friday")
    corrected = deployment.classify("asdf qwer")
    deployment.correct(corrected["log_id"], "help", deployment.token(deployment.reviewer))

    lines = deployment.exported({"mode": "retraining", "days": 1}).splitlines()

    found = {line["id"]: line for line in map(json.loads, lines)}
    assert [found[each["log_id"]] for each in (confident, corrected)] == [
        {
            "text": "move my dentist appointment to friday",
            "label": "reschedule",
            "confidence": confident["confidence"],
            "source": "production",
            "corrected": False,
            "id": confident["log_id"],
        },
        {
            "text": "asdf qwer",
            "label": "help",
            "confidence": corrected["confidence"],
            "source": "production",
            "corrected": True,
            "id": corrected["log_id"],
        },
    ]


def test_the_review_dataset_has_fields_to_fill_in(deployment: Deployment) -> None:
    answer = deployment.classify("maybe the thing with the numbers, or when is it")

    (entry,) = json.loads(
        deployment.exported({"mode": "review", "confidence_threshold": 1}),
    )

    assert entry.pop("created_at")
    assert entry == {
        "id": answer["log_id"],
        "prompt": "maybe the thing with the numbers, or when is it",
        "predicted_intent": answer["intent"],
        "confidence": answer["confidence"],
        "corrected_intent": None,
        "notes": None,
    }


def test_an_empty_window_is_an_empty_dataset(deployment: Deployment) -> None:
    assert deployment.exported({"mode": "retraining"}) == ""
    assert json.loads(deployment.exported({"mode": "review"})) == []


def test_a_schedule_exports(deployment: Deployment) -> None:
    rule = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-24T04:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/weekly"],
        "detail": {},
    }

    assert deployment.export(rule)["mode"] == "retraining"
    assert deployment.export(rule | {"detail": "{}"})["mode"] == "retraining"
    assert deployment.export(rule | {"detail": {"mode": "review"}})["mode"] == "review"
