"""The steps in which the new model serves: promotion, answers, rollback."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from examples.demo.client import DemoClient
from examples.demo.console import DemoConsole, shorten
from examples.demo.failures import DemoCheckFailed
from examples.demo.learning import DemoModel, PredictionChange
from infra.local import stack_env
from infra.local.stack import Stack

MAX_EXAMPLES = 6
OPERATOR = "ada"

_MAX_MESSAGES = 100
"""The messages to send at most until every warm instance has switched to another model."""

_IN_A_ROW = 5
"""So many answers of one model in a row count as a switch of all instances."""


def serve_new_model(
    console: DemoConsole,
    client: DemoClient,
    report: Mapping[str, Any],
    changes: Sequence[PredictionChange],
) -> None:
    """Send the new model what the first model got wrong. Promote it where the gate did not."""
    version = report["candidate"]
    console.start_step(
        "Answer with the new model",
        "Nothing is deployed: each instance of the function loads the new champion after its next "
        "message.",
    )
    if report["outcome"] != "promoted":
        console.print("The verdict does not promote the model. An operator can force it:")
        reason = "To show how a model is served."
        _run(console, client.stack, "promote", version, "--force", "--reason", reason)
    sent = _send_until_it_answers(client, version)
    console.print(f"The new model answered after {sent} messages.")
    fixed = islice((change for change in changes if change.after == change.label), MAX_EXAMPLES)
    console.print_table(
        ["message", "before", "after, over HTTP"],
        [
            [
                shorten(change.text, 36),
                change.before,
                client.classify_without_capture(change.text)["intent"],
            ]
            for change in fixed
        ],
    )


def roll_back(console: DemoConsole, client: DemoClient, first_model: DemoModel) -> None:
    """Return to the first model, as after an incident, and show the ledger."""
    console.start_step(
        "Roll back",
        "The operator returns to the model before, and the ledger says who decided what.",
    )
    _run(console, client.stack, "rollback", "--reason", "To show how.")
    sent = _send_until_it_answers(client, first_model.classifier.version)
    console.print(f"The first model answered again after {sent} messages.")
    _run(console, client.stack, "history")


def _send_until_it_answers(client: DemoClient, version: str) -> int:
    """Send captured messages until one model answers all; return how many were of another one."""
    in_a_row = others = 0
    for _ in range(_MAX_MESSAGES):
        answer = client.classify("what is left for today?")
        is_expected = answer["model_version"] == version
        in_a_row = in_a_row + 1 if is_expected else 0
        others += not is_expected
        if in_a_row == _IN_A_ROW:
            return others
    raise DemoCheckFailed(f"The model {version} did not answer.")


def _run(console: DemoConsole, stack: Stack, *arguments: str) -> None:
    """Run `prompt-capture models`, and show the command and its output."""
    command = ["models", *arguments]
    if arguments[0] != "history":
        command += ["--operator", OPERATOR]
    console.print(f"[bold]$ prompt-capture {_shown(command)}[/bold]")
    environment = {
        **os.environ,
        **stack_env.variables(stack),
        "COLUMNS": str(console.console.width),
    }
    executable = Path(sys.executable).with_name("prompt-capture")
    result = subprocess.run(  # noqa: S603
        [executable, *command], env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise DemoCheckFailed(f"The command failed: {result.stderr.strip()}")
    console.print_unwrapped(result.stdout.rstrip())


def _shown(command: Sequence[str]) -> str:
    return " ".join(f'"{part}"' if " " in part else part for part in command)
