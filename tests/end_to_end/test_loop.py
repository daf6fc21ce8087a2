"""A message through capture, outcome, correction and export, on real components."""

import json
from uuid import UUID

from tests.end_to_end.conftest import DeployedStack

TWO_INTENTS = "finish the report and block an hour for it tomorrow"


def test_a_message_is_classified_and_captured(deployment: DeployedStack) -> None:
    response = deployment.classify(
        "move my dentist appointment to friday", conversation_id="c-1", message_index=3
    )

    assert response["intent"] == "reschedule"
    assert response["source"] == "model"
    assert response["captured"] == "stored"
    assert response["needs_review"] is False
    row = deployment.row(response["log_id"])
    assert row["prompt"] == "move my dentist appointment to friday"
    assert row["predicted_intent"] == "reschedule"
    assert row["confidence"] == response["confidence"]
    assert row["model_version"] == response["model_version"]
    assert (row["conversation_id"], row["message_index"]) == ("c-1", 3)
    assert str(row["user_id"]) == deployment.ada.id
    assert row["corrected_intent"] is row["was_successful"] is None


def test_a_user_calls_with_their_own_token(deployment: DeployedStack) -> None:
    response = deployment.classify("hello there", deployment.token(deployment.ben))

    assert response["source"] == "rule"
    assert response["intent"] == "greeting"
    assert str(deployment.row(response["log_id"])["user_id"]) == deployment.ben.id


def test_rules_and_model_are_both_logged(deployment: DeployedStack) -> None:
    for message in ("thanks!", "what is left for today?"):
        deployment.classify(message)

    assert [row["source"] for row in deployment.rows()] == ["rule", "model"]


def test_a_message_with_two_intents_has_both_recorded(deployment: DeployedStack) -> None:
    response = deployment.classify(TWO_INTENTS)

    assert response["intent"] == "task_management"
    assert [other["intent"] for other in response["secondary_intents"]] == ["scheduling"]
    assert deployment.row(response["log_id"])["secondary_intents"] == response["secondary_intents"]


def test_without_capture_nothing_is_stored(deployment: DeployedStack) -> None:
    response = deployment.classify("move my dentist", deployment.key, capture=False)

    assert response["captured"] == "skipped"
    assert response["log_id"] is None
    assert deployment.rows() == []


def test_ids_follow_the_order_of_capture(deployment: DeployedStack) -> None:
    ids = [deployment.classify("hi")["log_id"] for _ in range(5)]

    assert ids == sorted(ids)
    assert [str(row["id"]) for row in deployment.rows()] == ids
    assert {UUID(log_id).version for log_id in ids} == {7}


def test_an_outcome_is_recorded_once(deployment: DeployedStack) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    for _ in range(2):
        response = deployment.record_outcome(log_id, False, execution_error="The calendar is down.")
        assert response.json() == {"log_id": log_id, "was_successful": False}

    row = deployment.row(log_id)
    assert row["was_successful"] is False
    assert row["execution_error"] == "The calendar is down."
    assert row["updated_at"] == row["outcome_recorded_at"]


def test_reviewers_and_backends_can_correct(deployment: DeployedStack) -> None:
    log_id = deployment.classify("move my dentist to friday")["log_id"]

    by_token = deployment.correct(log_id, "scheduling", deployment.token(deployment.reviewer))
    assert by_token.json()["corrected_by"] == deployment.reviewer.id

    body = {"log_id": log_id, "corrected_intent": "reschedule", "reviewer": "grace", "notes": "n"}
    body["corrected_secondary_intents"] = ["reminder", "email"]
    deployment.http.post(deployment.stack.corrections_url, json=body, headers=deployment.key)

    row = deployment.row(log_id)
    assert (row["corrected_intent"], row["corrected_by"]) == ("reschedule", "grace")
    assert row["corrected_secondary_intents"] == ["reminder", "email"]
    assert row["correction_notes"] == "n"


def test_the_retraining_dataset_has_confident_and_corrected_lines(
    deployment: DeployedStack,
) -> None:
    confident = deployment.classify("move my dentist appointment to friday")
    corrected = deployment.classify("asdf qwer")
    body = {"corrected_intent": "help", "corrected_secondary_intents": ["search"]}
    deployment.http.post(
        deployment.stack.corrections_url,
        json={"log_id": corrected["log_id"], **body},
        headers=deployment.token(deployment.reviewer),
    )

    lines = deployment.read_export({"mode": "retraining", "days": 1}).splitlines()

    by_id = {line["id"]: line for line in map(json.loads, lines)}
    assert [by_id[each["log_id"]] for each in (confident, corrected)] == [
        {
            "text": "move my dentist appointment to friday",
            "label": "reschedule",
            "confidence": confident["confidence"],
            "source": "production",
            "corrected": False,
            "id": confident["log_id"],
            "tier": "confident",
            "audited": False,
            "audit_probability": None,
        },
        {
            "text": "asdf qwer",
            "label": "help",
            "secondary": ["search"],
            "confidence": corrected["confidence"],
            "source": "production",
            "corrected": True,
            "id": corrected["log_id"],
            "tier": "person",
            "audited": False,
            "audit_probability": None,
        },
    ]


def test_the_review_dataset_has_fields_to_fill_in(deployment: DeployedStack) -> None:
    response = deployment.classify("maybe the thing with the numbers, or when is it")

    (entry,) = json.loads(
        deployment.read_export({"mode": "review", "confidence_threshold": 1}),
    )

    assert entry.pop("created_at")
    assert isinstance(entry.pop("reasons"), list)
    assert entry == {
        "id": response["log_id"],
        "prompt": "maybe the thing with the numbers, or when is it",
        "predicted_intent": response["intent"],
        "predicted_secondary_intents": [other["intent"] for other in response["secondary_intents"]],
        "confidence": response["confidence"],
        "corrected_intent": None,
        "corrected_secondary_intents": None,
        "notes": None,
    }


def test_without_prompts_a_dataset_is_empty(deployment: DeployedStack) -> None:
    assert deployment.read_export({"mode": "retraining"}) == ""
    assert json.loads(deployment.read_export({"mode": "review"})) == []


def test_a_scheduled_event_exports(deployment: DeployedStack) -> None:
    event = {
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

    assert deployment.export(event)["mode"] == "retraining"
    assert deployment.export(event | {"detail": "{}"})["mode"] == "retraining"
    assert deployment.export(event | {"detail": {"mode": "review"}})["mode"] == "review"
