"""A stack with a fault proxy and a registry, and what an operator does with them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local import model_variants, stack_env
from infra.local.functions import CLASSIFY
from infra.local.paths import MODEL
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.adapters.onnx.model_artifact import read_manifest
from tests.conftest import GENEROUS_TIMEOUTS
from tests.database_reset import DELETE_ALL_ROWS

PACKAGED = read_manifest(MODEL).version
_COMMAND = Path(sys.executable).with_name("prompt-capture")
OVERRIDES = {CLASSIFY: {**GENEROUS_TIMEOUTS, "MODEL_WAIT_SECONDS": "8"}}


@dataclass(frozen=True)
class Registry:
    """Publishes models as the command does, and decides which serves over HTTP."""

    stack: Stack
    operator: User
    folder: Path

    def publish(self, version: str, **changes: Any) -> Path:
        """Publish a copy of the packaged model under another version, and return its folder."""
        folder = model_variants.write_variant(self.folder / version, version, **changes)
        self.publish_folder(folder)
        return folder

    def publish_folder(self, folder: Path) -> None:
        """Run the command, as a person who publishes does."""
        environment = {**os.environ, **stack_env.variables(self.stack)}
        command = [_COMMAND, "models", "publish", folder, "--reason", "A test."]
        subprocess.run(command, env=environment, check=True, capture_output=True)

    def promote(self, version: str) -> Mapping[str, Any]:
        return self.post(f"{version}/promote")

    def quarantine(self, version: str) -> Mapping[str, Any]:
        return self.post(f"{version}/quarantine")

    def roll_back(self) -> Mapping[str, Any]:
        return self.post("rollback")

    def events(self) -> Sequence[Mapping[str, Any]]:
        """Return the ledger, the newest event first."""
        with psycopg.connect(self.stack.postgres_admin_dsn, row_factory=dict_row) as connection:
            query = "select * from public.model_events order by id desc"
            return connection.execute(query).fetchall()

    def post(self, path: str) -> Mapping[str, Any]:
        response = httpx.post(
            f"{self.stack.models_url}/{path}",
            json={"reason": "A test."},
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


@pytest.fixture
def registry(serving_stack: Stack, tmp_path: Path) -> Iterator[Registry]:
    """An empty registry; new instances of classify start in each test."""
    with psycopg.connect(serving_stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)
    serving_stack.redeploy(CLASSIFY, {})
    yield Registry(serving_stack, serving_stack.create_operator("operator@example.com"), tmp_path)
    with psycopg.connect(serving_stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture
def sender(serving_stack: Stack, registry: Registry) -> Sender:
    return Sender(serving_stack, serving_stack.create_user(f"{os.urandom(4).hex()}@example.com"))
