"""A backend that uses the client captures every message with the outcome of its workflow."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from examples.orchestrator import MESSAGES, converse, create_app
from infra.local import stack_env
from prompt_capture.client import AsyncCaptureClient
from tests.end_to_end.conftest import DeployedStack

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/use-the-python-client.md").read_text("utf-8")


def test_each_message_is_captured_with_the_outcome_of_its_workflow(
    deployment: DeployedStack,
) -> None:
    capture = AsyncCaptureClient.from_env(stack_env.variables(deployment.stack))
    replies = asyncio.run(converse(create_app(capture), deployment.ada.id, MESSAGES))

    assert replies[2] == "The request failed. The mail server does not respond."
    captured = [
        (row["prompt"], row["workflow_type"], row["was_successful"], row["execution_error"])
        for row in deployment.rows()
    ]
    error = "WorkflowFailed: The mail server does not respond."
    assert captured == [
        (MESSAGES[0], "create_task", True, None),
        (MESSAGES[1], "reschedule_event", True, None),
        (MESSAGES[2], "send_email", False, error),
        (MESSAGES[3], "ask_again", True, None),
    ]


def test_the_assistant_replies_without_the_service(deployment: DeployedStack) -> None:
    unreachable = stack_env.variables(deployment.stack) | {"CLASSIFY_URL": "http://127.0.0.1:9/"}
    capture = AsyncCaptureClient.from_env(unreachable)
    replies = asyncio.run(converse(create_app(capture), deployment.ada.id, MESSAGES[:1]))
    assert replies == ["What can I do for you?"]


def test_the_example_of_the_guide_captures_a_message(
    deployment: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in stack_env.variables(deployment.stack).items():
        monkeypatch.setenv(name, value)
    (block,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    actions: list[Any] = []

    names: dict[str, Any] = {"user_id": deployment.ada.id, "reschedule": actions.append}
    exec(block, names)
    names["capture"].close()

    (row,) = deployment.rows()
    assert actions[0].captured == "stored"
    assert (row["workflow_type"], row["was_successful"]) == ("reschedule_event", True)
