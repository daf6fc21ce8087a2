"""Erased users leave the database and every exported object, however they were erased."""

import json
import signal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.local import stack_env
from infra.local.users import User
from tests.child_processes import child_process
from tests.end_to_end.conftest import DeployedStack
from tests.end_to_end.test_command_line import COMMAND, _run

SECRET, OTHERS = "tell my sister about the surgery", "move the standup to ten"


@pytest.fixture
def user(deployment: DeployedStack) -> User:
    """A user to erase, since an erased user can never send a message again."""
    return deployment.stack.create_user(f"{uuid4()}@example.com")


@pytest.fixture
def dataset(deployment: DeployedStack, user: User) -> dict[str, Any]:
    """An exported dataset with a message of the user, and one of another user."""
    deployment.classify(SECRET, user_id=user.id)
    deployment.classify(OTHERS)
    return deployment.export({"mode": "review", "confidence_threshold": 1})


@pytest.fixture
def settings(deployment: DeployedStack) -> dict[str, str]:
    return stack_env.variables(deployment.stack)


def versions(deployment: DeployedStack, dataset: dict[str, Any]) -> list[str]:
    """Return the content of every version of a dataset."""
    s3, bucket = deployment.stack.s3_client(), dataset["bucket"]
    listing = s3.list_object_versions(Bucket=bucket, Prefix=dataset["key"])
    return [
        s3.get_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])["Body"]
        .read()
        .decode()
        for item in listing["Versions"]
    ]


def delete_account(deployment: DeployedStack, user: User) -> None:
    """Delete the account, as an operator does in the dashboard."""
    with psycopg.connect(deployment.stack.postgres_admin_dsn) as connection:
        connection.execute("delete from auth.users where id = %s", [user.id])


def test_the_command_removes_a_user_everywhere(
    deployment: DeployedStack, user: User, dataset: dict[str, Any], settings: dict[str, str]
) -> None:
    completed = _run("erase", "--yes", "--user", user.id, **settings)

    assert completed.returncode == 0, completed.stderr
    receipt = json.loads(completed.stdout)
    assert receipt["counts_before"]["prompts"] == 1
    assert set(receipt["counts_after"].values()) == {0}
    assert [item["lines_removed"] for item in receipt["cleaned_objects"]] == [1]
    assert (receipt["remaining_objects"], receipt["dead_letters"]) == ([], 0)
    (content,) = versions(deployment, dataset)
    assert SECRET not in content
    assert OTHERS in content
    assert [row["prompt"] for row in deployment.rows()] == [OTHERS]


def test_an_erasure_that_was_interrupted_continues(
    deployment: DeployedStack, user: User, settings: dict[str, str]
) -> None:
    rows = 3_000
    with psycopg.connect(deployment.stack.postgres_admin_dsn, autocommit=True) as admin:
        admin.execute(
            "insert into public.nlu_prompt_logs "
            "(id, user_id, prompt, predicted_intent, confidence, source, model_version) "
            "select gen_random_uuid(), %s, 'message ' || n, 'help', 0.9, 'model', 'x' "
            "from generate_series(1, %s) as n",
            [user.id, rows],
        )
        admin.execute("update private.settings set retention_batch_rows = 10")
        with child_process(COMMAND, "erase", "--yes", "--user", user.id, **settings) as process:
            while len(deployment.rows()) > rows - 100:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        remaining = len(deployment.rows())
        admin.execute("update private.settings set retention_batch_rows = 500")

    completed = _run("erase", "--yes", "--user", user.id, **settings)

    assert 0 < remaining < rows
    assert completed.returncode == 0, completed.stderr
    assert json.loads(completed.stdout)["counts_before"]["prompts"] == remaining
    assert deployment.rows() == []


@pytest.mark.parametrize("cleaned_by", ["the next export", "the command"])
def test_a_deleted_account_leaves_the_datasets_too(
    deployment: DeployedStack,
    user: User,
    dataset: dict[str, Any],
    settings: dict[str, str],
    cleaned_by: str,
) -> None:
    delete_account(deployment, user)
    assert any(SECRET in content for content in versions(deployment, dataset))

    if cleaned_by == "the command":
        completed = _run("erase", "--pending", **settings)
        assert completed.returncode == 0, completed.stderr
        assert [item["key"] for item in json.loads(completed.stdout)["cleaned_objects"]] == [
            dataset["key"]
        ]
    else:
        assert "errorMessage" not in deployment.export({"mode": "retraining"})

    (content,) = versions(deployment, dataset)
    assert SECRET not in content
    assert OTHERS in content
    nothing = _run("erase", "--pending", **settings)
    assert (nothing.returncode, json.loads(nothing.stdout)["cleaned_objects"]) == (0, [])
