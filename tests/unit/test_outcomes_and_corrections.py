"""The endpoints /outcomes and /corrections."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.log_ids import new_log_id
from tests.unit.conftest import ApiFixture

REVIEWER = {"app_metadata": {"role": "reviewer"}}


def test_an_outcome_is_recorded_and_can_be_repeated(api: ApiFixture) -> None:
    log_id = api.log()
    body = {
        "log_id": log_id,
        "was_successful": False,
        "workflow_type": "reschedule_event",
        "execution_error": "The calendar did not respond.",
    }

    for _ in range(2):
        response = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)
        assert response.json() == {"log_id": log_id, "was_successful": False}

    outcome = api.store.rows[UUID(log_id)].outcome
    assert outcome is not None
    assert outcome.execution_error == "The calendar did not respond."


def test_a_backend_sends_the_name_of_the_reviewer(api: ApiFixture) -> None:
    log_id = api.log()
    body = {"log_id": log_id, "corrected_intent": "reminder", "reviewer": "grace", "notes": "n"}

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert response.json() == {
        "log_id": log_id,
        "corrected_intent": "reminder",
        "corrected_secondary_intents": None,
        "corrected_by": "grace",
    }


@pytest.mark.parametrize(
    "intent", [" reminder\n", "Reminder", "\tREMINDER\u00a0", "\u200breminder"]
)
def test_an_intent_is_recorded_as_the_catalogue_writes_it(api: ApiFixture, intent: str) -> None:
    log_id = api.log()
    body = {
        "log_id": log_id,
        "corrected_intent": intent,
        "corrected_secondary_intents": [" Reschedule\n"],
        "reviewer": "grace",
    }

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    correction = api.store.rows[UUID(log_id)].correction
    assert correction is not None
    assert correction.corrected_intent == response.json()["corrected_intent"] == "reminder"
    assert correction.corrected_secondary_intents == ("reschedule",)
    assert response.json()["corrected_secondary_intents"] == ["reschedule"]


def test_an_intent_of_white_space_is_refused(api: ApiFixture) -> None:
    body = {"log_id": api.log(), "corrected_intent": " \n", "reviewer": "grace"}

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert response.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("stated", [None, [], ["reschedule"]])
def test_a_correction_states_secondary_intents(api: ApiFixture, stated: list[str] | None) -> None:
    log_id = api.log()
    body = {
        "log_id": log_id,
        "corrected_intent": "reminder",
        "corrected_secondary_intents": stated,
        "reviewer": "grace",
    }

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert response.json()["corrected_secondary_intents"] == stated
    correction = api.store.rows[UUID(log_id)].correction
    assert correction is not None
    assert correction.decision == ("reminder", None if stated is None else tuple(stated))


def test_an_unknown_secondary_intent_is_named_by_its_field(api: ApiFixture) -> None:
    body = {
        "log_id": api.log(),
        "corrected_intent": "reschedule",
        "corrected_secondary_intents": ["remindr"],
        "reviewer": "grace",
    }

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    error = response.json()["error"]
    assert error["code"] == "unknown_intent"
    assert error["message"].startswith("corrected_secondary_intents: ")
    assert error["hint"] == "Did you mean reminder?"


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        (["reminder"], "primary intent"),
        (["status", "status"], "named twice"),
        (["REMINDER"], "primary intent"),
        (["reschedule", "Reschedule "], "named twice"),
        ([""], "at least 1 character"),
        ([f"intent_{number}" for number in range(11)], "at most 10"),
        ("status", "valid array"),
        ([3], "valid string"),
    ],
)
def test_wrong_secondary_intents_are_rejected_with_the_name_of_the_field(
    api: ApiFixture, stated: object, problem: str
) -> None:
    body = {
        "log_id": api.log(),
        "corrected_intent": "reminder",
        "corrected_secondary_intents": stated,
        "reviewer": "grace",
    }

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "invalid_request")
    assert "corrected_secondary_intents" in error["message"]
    assert problem in error["message"]


def test_the_notes_of_a_reviewer_are_redacted(api: ApiFixture) -> None:
    log_id = api.log()
    body = {"log_id": log_id, "corrected_intent": "reminder", "reviewer": "grace"}

    body["notes"] = "asked at ada@example.com"
    api.corrections.post("/v1/corrections", json=body, headers=api.key)

    correction = api.store.rows[UUID(log_id)].correction
    assert correction is not None
    assert correction.notes == "asked at <EMAIL>"


def test_a_correction_with_a_token_has_the_id_of_its_user(api: ApiFixture) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"}

    response = api.corrections.post("/v1/corrections", json=body, headers=api.token(**REVIEWER))

    assert response.json()["corrected_by"] == str(api.user_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "reviewer_missing"),
        ({"reviewer": "grace", "corrected_intent": "remindr"}, "unknown_intent"),
        ({"reviewer": "grace", "log_id": str(uuid4())}, "prompt_log_not_found"),
        ({"reviewer": "grace", "log_id": "1"}, "invalid_request"),
        ({"reviewer": ""}, "reviewer_missing"),
        ({"reviewer": "  "}, "invalid_reviewer"),
        ({"reviewer": "legacy"}, "invalid_reviewer"),
        ({"reviewer": " Dashboard"}, "invalid_reviewer"),
        ({"reviewer": "erased-0123456789ab"}, "invalid_reviewer"),
        ({"reviewer": "Erased\u20100123456789ab"}, "invalid_reviewer"),
        ({"reviewer": "g" * 201}, "invalid_request"),
    ],
)
def test_an_invalid_correction_is_rejected(
    api: ApiFixture, changes: dict[str, str], code: str
) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"} | changes

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert 400 <= response.status_code < 500
    assert response.json()["error"]["code"] == code


def test_a_misspelt_intent_gets_suggestions(api: ApiFixture) -> None:
    body = {"log_id": api.log(), "corrected_intent": "remindr", "reviewer": "grace"}

    response = api.corrections.post("/v1/corrections", json=body, headers=api.key)

    assert response.json()["error"]["hint"] == "Did you mean reminder?"


def test_only_reviewers_can_correct_and_only_in_their_own_name(api: ApiFixture) -> None:
    body = {"log_id": api.log(), "corrected_intent": "reminder"}

    response = api.corrections.post("/v1/corrections", json=body, headers=api.token())
    assert response.json()["error"]["code"] == "not_a_reviewer"

    with_name = body | {"reviewer": "grace"}
    response = api.corrections.post(
        "/v1/corrections", json=with_name, headers=api.token(**REVIEWER)
    )
    assert response.json()["error"]["code"] == "reviewer_mismatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"log_id": str(uuid4())}, "prompt_log_not_found"),
        ({"was_successful": 1}, "invalid_request"),
        ({"workflow_type": 3}, "invalid_request"),
        ({"unknown_field": True}, "invalid_request"),
    ],
)
def test_an_invalid_outcome_is_rejected(
    api: ApiFixture, changes: dict[str, object], code: str
) -> None:
    body = {"log_id": api.log(), "was_successful": True, "workflow_type": "x"} | changes

    response = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert 400 <= response.status_code < 500
    assert response.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("", "unnamed"),
        (None, "unnamed"),
        ("\0", "unnamed"),
        (" \n", "unnamed"),
        ("x" * 101, "x" * 100),
        (" a\0 ", "a"),
    ],
)
def test_no_name_of_a_workflow_costs_the_outcome(
    api: ApiFixture, name: str | None, recorded: str
) -> None:
    log_id = api.log()
    body = {"log_id": f" {log_id}\n", "was_successful": True, "workflow_type": name}

    response = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert response.status_code == 200, response.json()
    outcome = api.store.rows[UUID(log_id)].outcome
    assert outcome
    assert outcome.workflow_type == recorded


@pytest.mark.parametrize(
    "space",
    [" ", "\n", "\u00a0", "\u2009", "\u200b", "\u200d", "\u2060", "\u200e", "\ufeff", "\0"],
    ids=ascii,
)
def test_what_nobody_sees_around_an_id_costs_nothing(api: ApiFixture, space: str) -> None:
    message = {"message": "hm", "user_id": f"{space}{api.user_id}{space}"}
    answer = api.classify.post("/v1/classify", json=message, headers=api.key).json()
    assert answer["captured"] == "stored", answer

    row = {"log_id": f"{space}{answer['log_id']}{space}"}
    outcome = row | {"was_successful": True, "workflow_type": "t"}
    correction = row | {"corrected_intent": "reminder", "reviewer": "grace"}
    assert api.outcomes.post("/v1/outcomes", json=outcome, headers=api.key).status_code == 200
    assert (
        api.corrections.post("/v1/corrections", json=correction, headers=api.key).status_code == 200
    )


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("workflow-typ", "workflow-typ"),
        ("call me at 0171 2345678", "(a field)"),
        ("\x00", "(a field)"),
        ("x" * 41, "(a field)"),
    ],
)
def test_an_error_names_an_unknown_field_only_where_a_program_may_have_named_it(
    api: ApiFixture, field: str, named: str
) -> None:
    body = {"log_id": api.log(), "was_successful": True, "workflow_type": "x", field: 1}

    response = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith(f"{named}: ")


def test_an_outage_gets_a_503_with_its_own_code(api: ApiFixture) -> None:
    log_id = api.log()
    api.store.is_reachable = False
    body = {"log_id": log_id, "was_successful": True, "workflow_type": "x"}

    response = api.outcomes.post("/v1/outcomes", json=body, headers=api.key)

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "store_unavailable"


def test_nobody_can_review_in_the_name_of_an_erased_account(api: ApiFixture) -> None:
    log_id = api.log()
    api.store.erased[api.user_id] = datetime.now(UTC)
    body = {"log_id": log_id, "corrected_intent": "reminder"}
    named = {**body, "reviewer": str(api.user_id).upper()}

    for response in (
        api.corrections.post("/v1/corrections", json=body, headers=api.token(**REVIEWER)),
        api.corrections.post("/v1/corrections", json=named, headers=api.key),
    ):
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "reviewer_erased"


def test_a_reviewer_with_too_many_pending_corrections_is_told_when_to_retry(
    api: ApiFixture,
) -> None:
    api.store.max_deferred_corrections = 1

    body = {"corrected_intent": "reminder", "reviewer": "grace"}
    bodies = [{**body, "log_id": str(new_log_id())} for _ in range(2)]
    pending, response = (
        api.corrections.post("/v1/corrections", json=one, headers=api.key) for one in bodies
    )

    assert (pending.status_code, response.status_code) == (202, 429)
    assert response.headers["Retry-After"] == "180"
    assert response.json()["error"]["code"] == "too_many_pending"
