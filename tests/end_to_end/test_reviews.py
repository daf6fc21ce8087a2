"""Decisions of the console's page, as its function and the database handle them."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.database.rows import insert
from tests.end_to_end.conftest import DeployedStack


@pytest.fixture
def item(deployment: DeployedStack) -> dict[str, Any]:
    """An item that waits for the reviewer."""
    with psycopg.connect(deployment.stack.postgres_admin_dsn) as connection:
        insert(connection, prompt="move it", user_id=UUID(deployment.ada.id), confidence=0.3)
    response = deployment.http.post(
        f"{deployment.stack.supabase_url}/rest/v1/rpc/console_items",
        json={},
        headers={
            "apikey": deployment.stack.keys.publishable,
            **deployment.token(deployment.reviewer),
        },
    )
    [waiting] = response.json()
    found: dict[str, Any] = waiting
    return found


@pytest.mark.parametrize("path", ["v1/reviews", "/v1/reviews/"])
def test_an_intent_in_another_case_is_recorded_as_the_catalogue_writes_it(
    deployment: DeployedStack, item: dict[str, Any], path: str
) -> None:
    body = {
        "item": item["item"],
        "seen": item["seen"],
        "corrected_intent": " Reminder",
        "corrected_secondary_intents": ["EMAIL"],
    }

    response = deployment.http.post(
        f"{deployment.stack.console_url}{path}",
        json=body,
        headers=deployment.token(deployment.reviewer),
    )

    assert response.json()["state"] == "recorded", response.text
    [row] = deployment.rows()
    assert (row["corrected_intent"], row["corrected_secondary_intents"]) == ("reminder", ["email"])
