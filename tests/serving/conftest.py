"""A stack with a fault proxy and a registry, and what an operator does with them."""

import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local import stack_env
from infra.local.functions import CLASSIFY
from infra.local.model_variants import HEADS, NEW_STUDENT, write_variant
from infra.local.paths import MODEL
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.adapters.onnx.model_artifact import read_manifest
from tests.conftest import GENEROUS_TIMEOUTS

RETRAINED = ("retrained-1", "retrained-2")
PACKAGED = read_manifest(MODEL).version
_COMMAND = str(Path(sys.executable).with_name("prompt-capture"))
OVERRIDES = {CLASSIFY: {**GENEROUS_TIMEOUTS, "MODEL_WAIT_SECONDS": "8"}}


@dataclass(frozen=True)
class LocalRegistry:
    """Publishes models as the command does, and decides which serves over HTTP."""

    stack: Stack
    operator: User
    folder: Path

    def publish(self, version: str, changed: Collection[str]) -> None:
        """Publish a copy of the packaged model with other graphs, by the command."""
        folder = write_variant(self.folder / version, version, changed)
        environment = {**os.environ, **stack_env.variables(self.stack)}
        command = [_COMMAND, "models", "publish", str(folder), "--reason", "A test."]
        subprocess.run(command, env=environment, check=True, capture_output=True)

    def promote(self, version: str) -> Mapping[str, Any]:
        return self.post(f"{version}/promote", force=True)

    def quarantine(self, version: str) -> Mapping[str, Any]:
        return self.post(f"{version}/quarantine")

    def roll_back(self) -> Mapping[str, Any]:
        return self.post("rollback")

    def champion(self) -> str | None:
        """Return the version of the champion, or None for the packaged model."""
        changes = ("promoted", "rolled_back")
        return next((each["version"] for each in self.events() if each["kind"] in changes), None)

    def start_new_instances(self) -> None:
        """End the instances of classify-and-log, so that new ones start."""
        self.stack.redeploy(CLASSIFY, {"X_INSTANCES": str(time.time_ns())})

    def events(self) -> Sequence[Mapping[str, Any]]:
        """Return the ledger, the newest event first."""
        with psycopg.connect(self.stack.postgres_admin_dsn, row_factory=dict_row) as connection:
            query = "select * from public.model_events order by id desc"
            return connection.execute(query).fetchall()

    def post(self, path: str, **fields: Any) -> Mapping[str, Any]:
        response = httpx.post(
            f"{self.stack.models_url}/{path}",
            json={"reason": "A test.", **fields},
            headers={"Authorization": f"Bearer {self.operator.access_token}"},
            timeout=30,
        )
        response.raise_for_status()
        body: Mapping[str, Any] = response.json()
        return body


@dataclass(frozen=True)
class Sender:
    """A user who sends messages."""

    stack: Stack
    user: User

    def send(self, message: str = "remind me to water the plants") -> Mapping[str, Any]:
        """Return the answer to a message."""
        response = httpx.post(
            self.stack.classify_url,
            json={"message": message},
            headers={"Authorization": f"Bearer {self.user.access_token}"},
            timeout=30,
        )
        response.raise_for_status()
        answer: Mapping[str, Any] = response.json()
        return answer

    def model_of_next_answer(self) -> str:
        """Return the version that answers, which the captured row names too."""
        answer = self.send()
        with psycopg.connect(self.stack.postgres_admin_dsn) as connection:
            (recorded,) = connection.execute(
                "select model_version from public.nlu_prompt_logs where id = %s",
                (answer["log_id"],),
            ).fetchone() or (None,)
        assert recorded == answer["model_version"]
        version: str = answer["model_version"]
        return version


@pytest.fixture(scope="package")
def serving_stack() -> Iterator[Stack]:
    with Stack(f"serving-{os.getpid()}", OVERRIDES, with_faults=True) as stack:
        yield stack


@pytest.fixture(scope="package")
def published(serving_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> LocalRegistry:
    """A registry with the models RETRAINED, the second one with a student of its own."""
    operator = serving_stack.create_operator("operator@example.com")
    registry = LocalRegistry(serving_stack, operator, tmp_path_factory.mktemp("models"))
    registry.publish(RETRAINED[0], HEADS)
    registry.publish(RETRAINED[1], NEW_STUDENT)
    return registry


@pytest.fixture
def registry(published: LocalRegistry) -> LocalRegistry:
    """The registry, while the packaged model serves in new instances."""
    while published.champion() is not None:
        published.roll_back()
    published.start_new_instances()
    return published


@pytest.fixture
def sender(serving_stack: Stack, registry: LocalRegistry) -> Sender:
    return Sender(serving_stack, serving_stack.create_user(f"{os.urandom(4).hex()}@example.com"))
