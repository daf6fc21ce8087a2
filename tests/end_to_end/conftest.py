"""The deployed functions, called over HTTP as a backend calls them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local.stack import Stack
from infra.local.users import User
from tests.database_reset import DELETE_ALL_ROWS, NOTHING_AT_RANDOM

Json = dict[str, Any]


@dataclass(frozen=True)
class DeployedStack:
    """The stack's functions over HTTP and the Invoke API, with two users and a reviewer."""

    stack: Stack
    http: httpx.Client
    ada: User
    ben: User
    reviewer: User

    @property
    def key(self) -> dict[str, str]:
        return {"X-Api-Key": self.stack.keys.api_key}

    def token(self, user: User) -> dict[str, str]:
        return {"Authorization": f"Bearer {user.access_token}"}

    def classify(self, message: str, headers: dict[str, str] | None = None, **more: Any) -> Json:
        body: Json = {"message": message, **more}
        if headers is None:
            headers = self.key
            body.setdefault("user_id", self.ada.id)
        response = self.http.post(self.stack.classify_url, json=body, headers=headers)
        assert response.status_code == 200, response.text
        content: Json = response.json()
        return content

    def record_outcome(self, log_id: str, was_successful: bool, **more: Any) -> httpx.Response:
        body = {"log_id": log_id, "was_successful": was_successful, "workflow_type": "test", **more}
        return self.http.post(self.stack.outcomes_url, json=body, headers=self.key)

    def correct(self, log_id: str, intent: str, headers: dict[str, str]) -> httpx.Response:
        body = {"log_id": log_id, "corrected_intent": intent}
        return self.http.post(self.stack.corrections_url, json=body, headers=headers)

    def export(self, event: object) -> Json:
        """Invoke the export function; a failure has an `errorMessage`."""
        response = self.stack.lambda_client().invoke(
            FunctionName="export", Payload=json.dumps(event).encode()
        )
        content: Json = json.loads(response["Payload"].read())
        return content

    def read_export(self, event: object) -> str:
        """Invoke the export function and return the content of the dataset."""
        dataset = self.export(event)
        item = self.stack.s3_client().get_object(Bucket=dataset["bucket"], Key=dataset["key"])
        return item["Body"].read().decode()

    def rows(self) -> list[Json]:
        with psycopg.connect(self.stack.postgres_admin_dsn, row_factory=dict_row) as connection:
            query = "select * from public.nlu_prompt_logs order by created_at, id"
            return connection.execute(query).fetchall()

    def wait_for_rows(self, expected: int, seconds: float = 60) -> None:
        """Wait until the table has so many rows."""
        deadline = time.monotonic() + seconds
        while len(self.rows()) < expected:
            assert time.monotonic() < deadline, "The spool was not drained."
            time.sleep(0.1)

    def wait_for_changes(self, log_id: str, expected: Json, seconds: float = 120) -> None:
        """Wait until a row has these values: a busy row gets its deferred changes from a job."""
        deadline = time.monotonic() + seconds
        while not expected.items() <= (row := self.row(log_id)).items():
            assert time.monotonic() < deadline, {name: row[name] for name in expected}
            time.sleep(0.1)

    def row(self, log_id: str) -> Json:
        (row,) = [row for row in self.rows() if str(row["id"]) == log_id]
        return row


@pytest.fixture(scope="session")
def users(stack: Stack) -> tuple[User, User, User]:
    stack.warm()
    return (
        stack.create_user("ada@example.com"),
        stack.create_user("ben@example.com"),
        stack.create_reviewer("grace@example.com"),
    )


@pytest.fixture
def deployment(stack: Stack, users: tuple[User, User, User]) -> Iterator[DeployedStack]:
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(NOTHING_AT_RANDOM)
    with httpx.Client(timeout=30) as http:
        yield DeployedStack(stack, http, *users)
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture
def storing_again(deployment: DeployedStack) -> Iterator[None]:
    """After an outage, wait until prompts are stored, so that the next test's are not spooled."""
    yield
    deadline = time.monotonic() + 60
    while deployment.classify("hello")["captured"] != "stored":
        assert time.monotonic() < deadline, "Prompts are still not stored."
        time.sleep(0.1)
