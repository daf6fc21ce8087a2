"""Operators publish a model, promote it, roll it back and see what served, by command and API."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from infra.local import stack_env
from infra.local.stack import Stack
from infra.packaging.paths import MODELS
from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore
from prompt_capture.domain.models import blob_key, manifest_key
from tests.database_reset import DELETE_ALL_ROWS

COMMAND = Path(sys.executable).with_name("prompt-capture")
MODEL = MODELS / "assistant"
MANIFEST = json.loads((MODEL / "manifest.json").read_text("utf-8"))
VERSION = MANIFEST["version"]
WHY = ("--reason", "a test of the registry", "--operator", "ada")


@pytest.fixture
def registry(stack: Stack) -> Iterator[Stack]:
    """The stack, whose registry and objects of models are empty again at the end."""
    yield stack
    with psycopg.connect(stack.postgres_admin_dsn) as admin:
        admin.execute(DELETE_ALL_ROWS)
    bucket = S3DatasetStore(stack.s3_client(), stack.bucket)
    hashes = [file["sha256"] for file in MANIFEST["files"].values()]
    for key in (manifest_key(VERSION), *map(blob_key, hashes)):
        bucket.delete(key)


def run(stack: Stack, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "models", *arguments],
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "120", **stack_env.variables(stack)},
        capture_output=True,
        text=True,
        check=False,
    )


def read_json(stack: Stack, *arguments: str | Path) -> Any:
    ended = run(stack, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def lines(stack: Stack, *arguments: str) -> Sequence[Any]:
    ended = run(stack, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_model_is_published_promoted_rolled_back_and_quarantined(registry: Stack) -> None:
    published = read_json(registry, "publish", MODEL, *WHY)
    assert (published["address"]["version"], published["state"]) == (VERSION, "candidate")
    assert published["new_bytes"] == published["size_bytes"] > 1_000_000
    assert read_json(registry, "publish", MODEL, *WHY)["new_bytes"] == 0

    operator = registry.create_operator("operator@example.com")
    token = {"Authorization": f"Bearer {operator.access_token}"}
    key = {"X-Api-Key": registry.keys.operator_key}
    body: dict[str, object] = {"reason": "better", "operator": "grace"}
    refused = httpx.post(f"{registry.models_url}/{VERSION}/promote", json=body, headers=key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "verdict_missing")
    body["force"] = True
    promoted = httpx.post(f"{registry.models_url}/{VERSION}/promote", json=body, headers=key)
    assert promoted.json()["event"]["actor"] == "grace"
    at = promoted.json()["event"]["at"]
    assert httpx.get(registry.models_url, headers=token).json()["champion"] == VERSION

    rolled_back = httpx.post(
        f"{registry.models_url}/rollback", json={"reason": "worse"}, headers=token
    )
    assert rolled_back.json()["event"]["actor"] == operator.id
    assert rolled_back.json()["event"]["version"] is None
    read_json(registry, "quarantine", VERSION, *WHY)
    quarantined = run(registry, "promote", VERSION, "--force", *WHY)
    assert quarantined.returncode == 1
    assert "quarantined" in quarantined.stderr

    served = read_json(registry, "history", "--at", at)
    assert (served["event"]["reason"], served["event"]["actor"]) == ("better", "grace")
    assert served["model"]["address"] == published["address"]
    assert [event["kind"] for event in lines(registry, "history")] == [
        *("quarantined", "rolled_back", "promoted", "registered"),
    ]
    shown = httpx.get(f"{registry.models_url}/{VERSION}", headers=token).json()
    assert shown["model"]["state"] == "quarantined"
    assert len(shown["events"]) == 4


def test_backends_and_users_are_refused(stack: Stack) -> None:
    user = stack.create_user("no-operator@example.com")
    for headers in (
        {"X-Api-Key": stack.keys.api_key},
        {"Authorization": f"Bearer {user.access_token}"},
    ):
        response = httpx.get(stack.models_url, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "not_an_operator")


def test_the_command_without_the_signing_key_says_what_to_set(stack: Stack) -> None:
    variables = stack_env.variables(stack)
    del variables["SUPABASE_SIGNING_KEY"]

    ended = subprocess.run(
        [COMMAND, "models", "list"],
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "Set SUPABASE_SIGNING_KEY" in ended.stderr
