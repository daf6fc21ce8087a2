from uuid import UUID, uuid4

import pytest

from tests.unit.conftest import Api

REVIEWER = {"app_metadata": {"role": "reviewer"}}


def test_an_outcome_is_recorded_and_may_be_sent_again(api: Api) -> None:
    log_id = api.log()
    body = {
        "log_id": log_id,
        "was_successful": False,
        "workflow_type": "reschedule_event",
        "execution_error": "The calendar did not answer.",
    }

    for _ in range(2):
        answer = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)
        assert answer.json() == {"log_id": log_id, "was_successful": False}

    outcome = api.store.rows[UUID(log_id)].outcome
    assert outcome is not None
    assert outcome.execution_error == "The calendar did not answer."


def test_a_backend_names_the_reviewer(api: Api) -> None:
    log_id = api.log()
    body = {"log_id": log_id, "corrected_intent": "reminder", "reviewer": "grace", "notes": "n"}

    answer = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert answer.json() == {
        "log_id": log_id,
        "corrected_intent": "reminder",
        "corrected_by": "grace",
    }


def test_a_reviewers_notes_are_redacted_as_prompts_are(api: Api) -> None:
    log_id = api.log()
    body = {"log_id": log_id, "corrected_intent": "reminder", "reviewer": "grace"}

    body["notes"] = "asked at ada@example.com"
    api.corrections.post("/v1/corrections", json=body, headers=api.key)

    correction = api.store.rows[UUID(log_id)].correction
    assert correction is not None
    assert correction.notes == "asked at <EMAIL>"


def test_a_reviewer_corrects_in_their_own_name(api: Api) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"}

    answer = api.corrections.post("/v1/corrections", json=body, headers=api.token(**REVIEWER))

    assert answer.json()["corrected_by"] == str(api.user_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "reviewer_missing"),
        ({"reviewer": "grace", "corrected_intent": "remindr"}, "unknown_intent"),
        ({"reviewer": "grace", "log_id": str(uuid4())}, "prompt_log_not_found"),
        ({"reviewer": "grace", "log_id": "1"}, "invalid_request"),
        ({"reviewer": ""}, "invalid_request"),
        ({"reviewer": "  "}, "not_a_reviewers_name"),
        ({"reviewer": "legacy"}, "not_a_reviewers_name"),
        ({"reviewer": " Dashboard"}, "not_a_reviewers_name"),
        ({"reviewer": "erased-0123456789ab"}, "not_a_reviewers_name"),
        ({"reviewer": "grace", "notes": "\x00"}, "invalid_request"),
    ],
)
def test_a_bad_correction_is_refused(api: Api, changes: dict[str, str], code: str) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"} | changes

    answer = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"] == code


def test_a_misspelt_intent_is_answered_with_the_close_ones(api: Api) -> None:
    body = {"log_id": api.log(), "corrected_intent": "remindr", "reviewer": "grace"}

    answer = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert answer.json()["error"]["hint"] == "Did you mean reminder?"


def test_only_reviewers_correct_and_only_in_their_own_name(api: Api) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"}

    refused = api.corrections.post("/v1/corrections", json=body, headers=api.token())
    assert refused.json()["error"]["code"] == "not_a_reviewer"

    named = body | {"reviewer": "grace"}
    refused = api.corrections.post("/v1/corrections", json=named, headers=api.token(**REVIEWER))
    assert refused.json()["error"]["code"] == "another_reviewers_name"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"log_id": str(uuid4())}, "prompt_log_not_found"),
        ({"was_successful": 1}, "invalid_request"),
        ({"workflow_type": ""}, "invalid_request"),
        ({"execution_error": "x" * 8_001}, "invalid_request"),
        ({"unheard_of": True}, "invalid_request"),
    ],
)
def test_a_bad_outcome_is_refused(api: Api, changes: dict[str, object], code: str) -> None:
    body = {"log_id": api.log(), "was_successful": True, "workflow_type": "x"} | changes

    answer = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"] == code


def test_an_outage_says_so_and_asks_for_the_same_request_again(api: Api) -> None:
    log_id = api.log()
    api.store.reachable = False
    body = {"log_id": log_id, "was_successful": True, "workflow_type": "x"}

    answer = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "store_unavailable"
