"""The steps that put the new model into service: publish, promote, answer, roll back."""

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

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


def promote_new_model(
    console: DemoConsole,
    client: DemoClient,
    models: tuple[DemoModel, DemoModel],
    changes: Sequence[PredictionChange],
) -> None:
    """Publish and promote the new model, and send it what the first model got wrong."""
    before, after = models
    version = after.classifier.version
    console.start_step(
        "Promote the new model",
        "The new model is published to S3 and registered, and an operator promotes it. Nothing is "
        "deployed: each instance of the function loads the model after its next message.",
    )
    reason = (
        f"Accuracy {before.evaluation.accuracy:.1%} to {after.evaluation.accuracy:.1%} on "
        f"{after.evaluation.n:,} unseen messages."
    )
    _run(console, client.stack, "publish", str(after.folder), "--reason", "Monthly retraining.")
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
