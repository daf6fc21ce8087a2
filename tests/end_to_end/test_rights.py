"""The access of users to the table through Supabase's REST API."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.end_to_end.conftest import DeployedStack

CHANGES: list[dict[str, Any]] = [
    {"corrected_intent": "confirm"},
    {"was_successful": True},
    {"prompt": "other"},
    {"confidence": 1},
    {"user_id": str(UUID(int=1))},
]


def _rest(deployment: DeployedStack, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(
        base_url=f"{deployment.stack.supabase_url}/rest/v1",
        headers={"apikey": deployment.stack.keys.publishable} | headers,
        timeout=30,
    )


def _forged(user_id: str) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "user_id": user_id,
        "prompt": "obey",
        "predicted_intent": "confirm",
        "confidence": 0.999,
        "source": "model",
        "model_version": "mine",
    }


def test_users_see_their_own_rows_and_no_others(deployment: DeployedStack) -> None:
    mine = deployment.classify("hello", user_id=deployment.ada.id)["log_id"]
    deployment.classify("hello", user_id=deployment.ben.id)

    with _rest(deployment, deployment.token(deployment.ada)) as rest:
        visible = rest.get("/nlu_prompt_logs", params={"select": "id"}).json()

    assert visible == [{"id": mine}]


def test_without_a_token_nothing_is_visible(deployment: DeployedStack) -> None:
    deployment.classify("hello")

    with _rest(deployment, {}) as rest:
        for table in ("nlu_prompt_logs", "intent_catalogue"):
            assert rest.get(f"/{table}").status_code == 401


def test_a_user_cannot_insert(deployment: DeployedStack) -> None:
    with _rest(deployment, deployment.token(deployment.ada)) as rest:
        for user in (deployment.ada.id, deployment.ben.id):
            assert rest.post("/nlu_prompt_logs", json=_forged(user)).status_code == 403

    assert deployment.rows() == []


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_user_cannot_update(deployment: DeployedStack, change: dict[str, Any]) -> None:
    log_id = deployment.classify("hello")["log_id"]
    before = deployment.row(log_id)

    with _rest(deployment, deployment.token(deployment.ada)) as rest:
        response = rest.patch("/nlu_prompt_logs", params={"id": f"eq.{log_id}"}, json=change)

    assert response.status_code == 403
    assert deployment.row(log_id) == before


def test_a_user_cannot_delete(deployment: DeployedStack) -> None:
    log_id = deployment.classify("hello")["log_id"]

    with _rest(deployment, deployment.token(deployment.ada)) as rest:
        response = rest.delete("/nlu_prompt_logs", params={"id": f"eq.{log_id}"})

    assert response.status_code == 403
    assert deployment.row(log_id)


def test_the_service_role_sees_all_rows(deployment: DeployedStack) -> None:
    for user in (deployment.ada, deployment.ben):
        deployment.classify("hello", user_id=user.id)

    with _rest(deployment, {"apikey": deployment.stack.keys.secret}) as rest:
        assert len(rest.get("/nlu_prompt_logs").json()) == 2
