"""The search for prompts in all that a test run writes sees one that is there."""

import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = """
import logging, os
import httpx
from infra.local import stack_lock

SECRET = 'my "very own" secret'

def send():
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    httpx.Client(transport=transport).post("http://x.test", json={"message": SECRET})

def close_a_stack(tmp_path, log):
    folder = tmp_path / "stack"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "postgres.log").write_text(log)
    with open(os.devnull) as lock:
        stack_lock.release(folder, lock)

def test_it(tmp_path):
    send()
    %s
"""


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_planted.py").write_text(PLANTED % line)
    command = [sys.executable, "-m", "pytest", "-p", "tests.leaks", "-c", "/dev/null", "-q", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "line",
    [
        "print(SECRET)",
        "logging.warning('it was %s', SECRET)",
        "close_a_stack(tmp_path, 'Failing row contains (' + SECRET + ')')",
        "close_a_stack(tmp_path, __import__('json').dumps({'body': SECRET}))",
    ],
    ids=["printed", "logged", "in a service's log", "in a service's log, as JSON"],
)
def test_a_leak_fails_the_run_and_is_named(tmp_path: Path, line: str) -> None:
    done = run(tmp_path, line)

    assert done.returncode == 1, done.stdout
    assert "LEAK: 'my \"very own\" secret'" in done.stdout
    assert "1 passed" in done.stdout


def test_a_run_without_a_leak_passes_and_says_what_was_searched(tmp_path: Path) -> None:
    done = run(tmp_path, "close_a_stack(tmp_path, 'nothing to see')")

    assert done.returncode == 0, done.stdout
    assert "1 messages that were sent were looked for in 1 outputs." in done.stdout
