"""`prompt-capture prompts` against the store of a deployment."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local import stack_env
from tests.end_to_end.conftest import DeployedStack

COMMAND = str(Path(sys.executable).with_name("prompt-capture"))

ListPrompts = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def list_prompts(deployment: DeployedStack) -> ListPrompts:
    """Run the command, whose output may go through a pipe, with the settings of the stack."""
    settings = stack_env.variables(deployment.stack)

    def run(options: str, pipe: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"{shlex.quote(COMMAND)} prompts {options} {pipe}"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "COLUMNS": "80", **settings},
        )

    return run


def read_lines(completed: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in completed.stdout.splitlines()]


def test_each_selection_lists_its_prompts(
    deployment: DeployedStack, list_prompts: ListPrompts
) -> None:
    confident = deployment.classify("move my dentist appointment to friday")
    failed = deployment.classify("hello there")
    deployment.record_outcome(failed["log_id"], False, execution_error="The calendar is down.")
    corrected = deployment.classify("asdf qwer")
    deployment.correct(corrected["log_id"], "help", deployment.token(deployment.reviewer))
    uncertain = deployment.classify("the thing with the numbers, or when is it")

    (low,) = read_lines(list_prompts("--low-confidence --json"))
    (failure,) = read_lines(list_prompts("--failed --json --days 1"))
    labels = read_lines(list_prompts("--for-retraining --json"))

    assert (low["id"], low["prompt"]) == (
        uncertain["log_id"],
        "the thing with the numbers, or when is it",
    )
    assert (failure["id"], failure["workflow_type"], failure["execution_error"]) == (
        failed["log_id"],
        "test",
        "The calendar is down.",
    )
    assert [(label["id"], label["label"], label["corrected_intent"]) for label in labels] == [
        (confident["log_id"], "reschedule", None),
        (failed["log_id"], "greeting", None),
        (corrected["log_id"], "help", "help"),
    ]
    for options, shown in (
        ("--low-confidence", uncertain["log_id"]),
        ("--failed", "The calendar is down."),
        ("--for-retraining", corrected["log_id"]),
    ):
        assert shown in list_prompts(options).stdout


def test_a_long_list_is_read_in_pages_and_can_be_cut_short(
    deployment: DeployedStack, list_prompts: ListPrompts
) -> None:
    users = deployment.ada, deployment.ben  # each has a daily cap of 50 prompts
    log_ids = [
        deployment.classify(f"number {n} or when is it", deployment.key, user_id=users[n % 2].id)[
            "log_id"
        ]
        for n in range(60)
    ]

    options = "--low-confidence --threshold 1"
    table = list_prompts(options).stdout

    assert [row["id"] for row in read_lines(list_prompts(f"{options} --json"))] == log_ids
    assert table.count("number ") == 50
    assert "50 prompts, and more match." in table
    first = list_prompts(f"{options} --json", "| head -1")
    assert [row["id"] for row in read_lines(first)] == log_ids[:1]
    assert first.stderr == ""


def test_an_unreachable_store_is_reported(deployment: DeployedStack) -> None:
    settings = stack_env.variables(deployment.stack) | {"SUPABASE_URL": "http://127.0.0.1:9"}

    completed = subprocess.run(
        [COMMAND, "prompts", "--failed", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **settings},
    )

    assert (completed.returncode, completed.stdout) == (1, "")
    assert "Traceback" not in completed.stderr
    assert "store" in completed.stderr
