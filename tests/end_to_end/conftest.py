"""The deployed functions as their callers see them."""

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
from tests.database_reset import DELETE_ALL_ROWS

Json = dict[str, Any]


@dataclass(frozen=True)
class Deployment:
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
        answer = self.http.post(self.stack.classify_url, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        content: Json = answer.json()
        return content

    def record_outcome(self, log_id: str, was_successful: bool, **more: Any) -> httpx.Response:
        body = {"log_id": log_id, "was_successful": was_successful, "workflow_type": "test", **more}
        return self.http.post(self.stack.outcomes_url, json=body, headers=self.key)

    def correct(self, log_id: str, intent: str, headers: dict[str, str]) -> httpx.Response:
        body = {"log_id": log_id, "corrected_intent": intent}
        return self.http.post(self.stack.corrections_url, json=body, headers=headers)

    def export(self, event: object) -> Json:
        """Invoke the export; a failure is answered under `errorMessage`."""
        answer = self.stack.lambda_client().invoke(
            FunctionName="export", Payload=json.dumps(event).encode()
        )
        content: Json = json.loads(answer["Payload"].read())
        return content

    def exported(self, event: object) -> str:
        """Invoke the export and read what it wrote."""
        told = self.export(event)
        item = self.stack.s3_client().get_object(Bucket=told["bucket"], Key=told["key"])
        return item["Body"].read().decode()

    def rows(self) -> list[Json]:
        with psycopg.connect(self.stack.postgres_admin_dsn, row_factory=dict_row) as connection:
            query = "select * from public.nlu_prompt_logs order by created_at, id"
            return connection.execute(query).fetchall()

    def drained(self, expected: int, seconds: float = 60) -> None:
        """Wait until so many rows are there."""
        deadline = time.monotonic() + seconds
        while len(self.rows()) < expected:
            assert time.monotonic() < deadline, "The spool was not drained."
            time.sleep(0.1)

    def row(self, log_id: str) -> Json:
        (row,) = [row for row in self.rows() if str(row["id"]) == log_id]
        return row


@pytest.fixture(scope="session")
def people(stack: Stack) -> tuple[User, User, User]:
    stack.warm()
    return (
        stack.create_user("ada@example.com"),
        stack.create_user("ben@example.com"),
        stack.create_reviewer("grace@example.com"),
    )


@pytest.fixture
def deployment(stack: Stack, people: tuple[User, User, User]) -> Iterator[Deployment]:
    with httpx.Client(timeout=30) as http:
        yield Deployment(stack, http, *people)
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture
def well_again(deployment: Deployment) -> Iterator[None]:
    """After an outage, wait until prompts are stored again, lest the next test's be spooled."""
    yield
    deadline = time.monotonic() + 60
    while deployment.classify("hello")["captured"] != "stored":
        assert time.monotonic() < deadline, "The store is not written to again."
        time.sleep(0.1)
