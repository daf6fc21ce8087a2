"""The endpoints below /models: operators list, promote, roll back and quarantine models."""

from typing import Any

import pytest

from prompt_capture.api.models import MAX_LISTED
from prompt_capture.domain.splits import OutcomeGroup
from prompt_capture.workflows.models.decisions import decision_of
from tests.unit.conftest import ApiFixture
from tests.unit.registered_models import METRICS, new_model

OPERATOR = {"app_metadata": {"role": "operator"}}
BODY: dict[str, Any] = {"reason": "better on the audit", "operator": "grace"}
FORCED = BODY | {"force": True}
DECISIONS = ("/v1/models/assistant-1/promote", "/v1/models/assistant-1/quarantine")
ROLLBACK = "/v1/models/rollback"
SPLIT, STOP = "/v1/models/assistant-2/split", "/v1/models/split/stop"
READS = ("/v1/models", "/v1/models/assistant-1", "/v1/models/split")


@pytest.fixture(autouse=True)
async def registered(api: ApiFixture) -> None:
    """Two registered models."""
    await register(api, "assistant-1", "assistant-2")


async def register(api: ApiFixture, *versions: str) -> None:
    for version in versions:
        await api.registry.register(new_model(version), decision_of("ada", "trained"))


def body_of(path: str) -> dict[str, Any]:
    """Return the body of a decision. A promotion is forced."""
    if path == SPLIT:
        return BODY | {"share": 0.1}
    return FORCED if path.endswith("/promote") else BODY


def decide(api: ApiFixture, path: str, body: Any = None, **headers: Any) -> Any:
    """Send a decision. A promotion is forced unless the body says otherwise."""
    body = body or body_of(path)
    body = {"share": 0.1} | body if path == SPLIT else body
    return api.models.post(path, json=body, headers=headers or api.operator_key)


def promote(api: ApiFixture, version: str) -> None:
    assert decide(api, f"/v1/models/{version}/promote").status_code == 200


def champion(api: ApiFixture) -> str | None:
    listed = api.models.get("/v1/models", headers=api.operator_key).json()
    version: str | None = listed["champion"]
    return version


def test_the_models_are_listed_newest_first_with_the_one_that_serves(api: ApiFixture) -> None:
    promote(api, "assistant-1")

    listed = api.models.get("/v1/models", headers=api.operator_key).json()

    assert (listed["champion"], listed["total"]) == ("assistant-1", 2)
    newest, older = listed["models"]
    assert (newest["version"], newest["state"]) == ("assistant-2", "candidate")
    assert (older["version"], older["state"]) == ("assistant-1", "champion")
    assert older["registered_by"] == "ada"
    assert (older["metrics"], older["sample"]) == (METRICS, "audited")


async def test_a_list_has_the_newest_models_alone_and_says_how_many_there_are(
    api: ApiFixture,
) -> None:
    await register(api, *(f"next-{number}" for number in range(MAX_LISTED)))

    listed = api.models.get("/v1/models", headers=api.operator_key).json()

    assert (len(listed["models"]), listed["total"]) == (MAX_LISTED, MAX_LISTED + 2)
    assert listed["models"][0]["version"] == f"next-{MAX_LISTED - 1}"
    assert listed["champion"] is None


def test_a_model_is_shown_with_its_events(api: ApiFixture) -> None:
    promote(api, "assistant-1")

    shown = api.models.get("/v1/models/assistant-1", headers=api.operator_key).json()

    assert shown["model"]["address"]["version"] == "assistant-1"
    assert shown["model"]["training"]["mode"] == "head"
    assert [event["kind"] for event in shown["events"]] == ["promoted", "registered"]


def test_a_decision_returns_its_event(api: ApiFixture) -> None:
    promote(api, "assistant-1")

    event = decide(api, "/v1/models/assistant-2/promote").json()["event"]

    assert (event["kind"], event["version"], event["replaced"]) == (
        "promoted",
        "assistant-2",
        "assistant-1",
    )
    assert (event["actor"], event["reason"]) == ("grace", "better on the audit")
    assert champion(api) == "assistant-2"


def test_a_promotion_without_a_verdict_must_be_forced(api: ApiFixture) -> None:
    refused = decide(api, "/v1/models/assistant-1/promote", BODY)

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "verdict_missing"
    assert champion(api) is None
    event = decide(api, "/v1/models/assistant-1/promote", FORCED).json()["event"]
    assert event["evidence"] == {"forced": True}


@pytest.mark.parametrize("force", ["true", 1, None])
def test_only_a_boolean_forces_a_promotion(api: ApiFixture, force: object) -> None:
    response = decide(api, "/v1/models/assistant-1/promote", BODY | {"force": force})

    assert response.status_code == 422
    assert champion(api) is None


def test_a_decision_that_changes_nothing_has_no_event(api: ApiFixture) -> None:
    for path in DECISIONS:
        assert decide(api, path).json()["event"] is not None
        assert decide(api, path).json() == {"event": None}


def test_a_rollback_returns_to_the_model_before_and_then_to_the_packaged_one(
    api: ApiFixture,
) -> None:
    promote(api, "assistant-1")
    promote(api, "assistant-2")

    assert decide(api, ROLLBACK).json()["event"]["version"] == "assistant-1"
    assert decide(api, ROLLBACK).json()["event"]["version"] is None

    response = decide(api, ROLLBACK)
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "nothing_to_roll_back"


def test_a_rollback_that_names_the_champion_can_be_repeated(api: ApiFixture) -> None:
    promote(api, "assistant-1")
    promote(api, "assistant-2")

    first, second = (decide(api, ROLLBACK, BODY | {"from": "assistant-2"}) for _ in range(2))

    assert first.json() == second.json()
    assert champion(api) == "assistant-1"
    promote(api, "assistant-2")
    response = decide(api, ROLLBACK, BODY | {"from": "assistant-1"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_the_champion")
    assert champion(api) == "assistant-2"


def test_a_quarantined_champion_is_rolled_back_and_cannot_be_promoted(api: ApiFixture) -> None:
    promote(api, "assistant-1")

    decide(api, "/v1/models/assistant-1/quarantine")

    assert champion(api) is None
    response = decide(api, "/v1/models/assistant-1/promote")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "model_quarantined"


@pytest.mark.parametrize("action", ["promote", "quarantine"])
def test_an_unknown_model_is_not_found(api: ApiFixture, action: str) -> None:
    for response in (
        decide(api, f"/v1/models/assistant-9/{action}"),
        api.models.get("/v1/models/assistant-9", headers=api.operator_key),
    ):
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("version", ["-1", "a b", "%2e%2e", "a" * 101])
def test_a_version_that_cannot_exist_is_named_as_the_invalid_part(
    api: ApiFixture, version: str
) -> None:
    response = api.models.get(f"/v1/models/{version}", headers=api.operator_key)

    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")
    assert response.json()["error"]["message"].startswith("version: ")


def test_the_operator_of_a_token_is_the_actor(api: ApiFixture) -> None:
    response = decide(
        api, DECISIONS[0], {"reason": "better", "force": True}, **api.token(**OPERATOR)
    )

    assert response.json()["event"]["actor"] == str(api.user_id)


@pytest.mark.parametrize("path", [*DECISIONS, ROLLBACK, SPLIT, STOP])
def test_an_operator_decides_only_in_its_own_name(api: ApiFixture, path: str) -> None:
    response = decide(api, path, BODY, **api.token(**OPERATOR))

    assert (response.status_code, response.json()["error"]["code"]) == (403, "operator_mismatch")


@pytest.mark.parametrize("operator", [None, "", "   "])
@pytest.mark.parametrize("path", [*DECISIONS, ROLLBACK, SPLIT, STOP])
def test_with_a_key_the_operator_must_be_named(
    api: ApiFixture, path: str, operator: str | None
) -> None:
    response = decide(api, path, {"reason": "better", "operator": operator})

    assert (response.status_code, response.json()["error"]["code"]) == (422, "operator_missing")


@pytest.mark.parametrize("path", [*READS, *DECISIONS, ROLLBACK, SPLIT, STOP])
def test_backends_and_users_are_no_operators(api: ApiFixture, path: str) -> None:
    method = "GET" if path in READS else "POST"
    for headers in (
        api.key,
        api.token(),
        api.token(app_metadata={"role": "reviewer"}),
        api.token(user_metadata={"role": "operator"}),
    ):
        response = api.models.request(method, path, json=body_of(path), headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "not_an_operator")
    listed = api.models.get("/v1/models", headers=api.operator_key).json()
    assert [model["state"] for model in listed["models"]] == ["candidate"] * 2


@pytest.mark.parametrize("path", [*READS, *DECISIONS, ROLLBACK, SPLIT, STOP])
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "credentials_missing"),
        ({"X-Api-Key": "pc_unknown"}, "api_key_invalid"),
        ({"X-Api-Key": ""}, "api_key_invalid"),
        ({"Authorization": "Bearer x"}, "token_invalid"),
    ],
)
def test_others_are_refused(api: ApiFixture, path: str, headers: dict[str, str], code: str) -> None:
    method = "GET" if path in READS else "POST"

    response = api.models.request(method, path, json=body_of(path), headers=headers)

    assert (response.status_code, response.json()["error"]["code"]) == (401, code)


def test_an_operator_key_opens_nothing_else(api: ApiFixture) -> None:
    body = {"message": "hm", "capture": False}

    response = api.classify.post("/v1/classify", json=body, headers=api.operator_key)

    assert response.json()["error"]["code"] == "api_key_invalid"


@pytest.mark.parametrize("name", ["legacy", " Dashboard", "erased-0123456789ab"])
def test_a_reserved_name_is_no_operator(api: ApiFixture, name: str) -> None:
    response = decide(api, DECISIONS[0], {"reason": "better", "operator": name})

    assert (response.status_code, response.json()["error"]["code"]) == (403, "invalid_operator")


@pytest.mark.parametrize("path", [*DECISIONS, ROLLBACK, SPLIT, STOP])
def test_nobody_decides_in_the_name_of_an_erased_account(api: ApiFixture, path: str) -> None:
    promote(api, "assistant-1")
    api.registry.erased.add("grace")

    response = decide(api, path)

    assert (response.status_code, response.json()["error"]["code"]) == (403, "operator_erased")


@pytest.mark.parametrize("reason", ["", " \n", "\x00", " \x00 "])
def test_a_reason_is_required(api: ApiFixture, reason: str) -> None:
    response = decide(api, DECISIONS[0], {"reason": reason, "operator": "grace"})

    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")


def test_a_reason_of_any_length_is_redacted_and_shortened(api: ApiFixture) -> None:
    reason = "asked by ada@example.com\x00 " + "x" * 10_000

    event = decide(api, DECISIONS[0], FORCED | {"reason": reason}).json()["event"]

    assert event["reason"].startswith("asked by <EMAIL> x")
    assert event["reason"].endswith(" [shortened]")


def test_an_outage_says_which_requests_may_be_repeated(api: ApiFixture) -> None:
    api.registry.is_reachable = False

    for path in DECISIONS:
        error = decide(api, path).json()["error"]
        assert error["code"] == "store_unavailable"
        assert "Repeating it is safe" in error["hint"]
    error = decide(api, ROLLBACK).json()["error"]
    assert error["code"] == "store_unavailable"
    assert "before you repeat" in error["hint"]
    error = decide(api, ROLLBACK, BODY | {"from": "assistant-1"}).json()["error"]
    assert "Repeating it is safe" in error["hint"]


def test_a_decision_is_logged_without_its_reason(
    api: ApiFixture, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        promote(api, "assistant-1")

    [record] = [one for one in caplog.records if one.message == "Model promoted."]
    assert record.__dict__["model_version"] == "assistant-1"
    assert BODY["reason"] not in str(record.__dict__)


def test_a_split_is_started_changed_and_stopped(api: ApiFixture) -> None:
    promote(api, "assistant-1")

    for share, kind in ((0.1, "split_started"), (0.2, "split_changed")):
        event = decide(api, SPLIT, BODY | {"share": share}).json()["event"]
        assert (event["kind"], event["version"]) == (kind, "assistant-2")
        assert event["evidence"] == {"share": share}
    assert decide(api, SPLIT, BODY | {"share": 0.2}).json() == {"event": None}

    assert decide(api, STOP).json()["event"]["kind"] == "split_stopped"
    assert decide(api, STOP).json() == {"event": None}


def test_a_split_is_shown_with_what_its_outcomes_say(api: ApiFixture) -> None:
    assert api.models.get("/v1/models/split", headers=api.operator_key).json() == {"split": None}
    promote(api, "assistant-1")
    decide(api, SPLIT, BODY | {"share": 0.5})
    api.registry.groups = tuple(
        OutcomeGroup(arm=arm, users=300, outcomes=10, successes=successes)
        for arm, successes in (("champion", 9), ("challenger", 5))
    )

    split = api.models.get("/v1/models/split", headers=api.operator_key).json()["split"]

    assert (split["champion"], split["challenger"], split["share"]) == (
        "assistant-1", "assistant-2", 0.5
    )  # fmt: skip
    assert split["arms"]["challenger"] == {"users": 300, "outcomes": 3_000, "success_rate": 0.5}
    assert split["difference"] == pytest.approx(-0.4)
    assert split["highest_difference"] < 0
    assert split["shows_harm"] is True
    assert split["sample_size"]["champion"] > 0
    assert "key" not in split


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, "a", None])
def test_a_share_is_between_0_and_1(api: ApiFixture, share: object) -> None:
    response = decide(api, SPLIT, BODY | {"share": share})

    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")


def test_the_champion_is_not_compared_with_itself(api: ApiFixture) -> None:
    promote(api, "assistant-2")

    response = decide(api, SPLIT, BODY | {"share": 0.1})

    assert (response.status_code, response.json()["error"]["code"]) == (409, "split_conflict")
