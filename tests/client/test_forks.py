"""A client that was used before a fork: each process gets the answers to its own messages."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from .echo_service import EchoService

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("kind", "scenario"),
    [
        *product(
            ["synchronous", "asynchronous-loops"],
            ["in_turn", "in_flight", "generations", "outside_python"],
        ),
        ("asynchronous", "in_turn"),
        ("asynchronous", "generations"),
    ],
)
def test_each_process_gets_the_answers_to_its_own_messages(
    echo: EchoService, kind: str, scenario: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    # Python warns that a fork of a process with threads may deadlock, which is what is tested.
    options = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    completed = subprocess.run(
        [
            *(sys.executable, *options, "-m", "tests.client.forking_program"),
            *(kind, scenario, echo.url, str(report)),
        ],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )

    assert (completed.returncode, completed.stderr) == (0, "")
    answers = [json.loads(line) for line in report.read_text().splitlines()]
    processes = {message.split()[0] for message, _, _ in answers}
    assert len(processes) >= 2
    assert [answer for answer in answers if answer[0] != answer[1]] == []
    for messages in echo.messages.values():
        assert len({message.split()[0] for message in messages}) == 1
    assert len(set(echo.idempotency_keys)) == len(answers)
