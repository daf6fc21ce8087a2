"""The leak check finds a prompt in each kind of output of a test run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST_MODULE = """
import logging, os
import httpx
from infra.local import stack_lock

SECRET = 'my "very own" secret'

def send():
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    httpx.Client(transport=transport).post("http://x.test", json={"message": SECRET})

def close_stack(tmp_path, log):
    folder = tmp_path / "stack"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "postgres.log").write_text(log)
    with open(os.devnull) as lock:
        stack_lock.release(folder, lock)

def test_send(tmp_path):
    send()
    %s
"""


def run_pytest(folder: Path, statement: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_leaking.py").write_text(TEST_MODULE % statement)
    command = [sys.executable, "-m", "pytest", "-p", "tests.leaks", "-c", "/dev/null", "-q", "."]
    # The other plug-ins take seconds to load.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command += options
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "statement",
    [
        "print(SECRET)",
        "logging.warning('received %s', SECRET)",
        "close_stack(tmp_path, 'Failing row contains (' + SECRET + ')')",
        "close_stack(tmp_path, __import__('json').dumps({'body': SECRET}))",
    ],
    ids=["printed", "logged", "in a service log", "in a service log as JSON"],
)
def test_a_leak_fails_the_run_and_is_reported(tmp_path: Path, statement: str) -> None:
    result = run_pytest(tmp_path, statement)

    assert result.returncode == 1, result.stdout
    assert "LEAK: 'my \"very own\" secret'" in result.stdout
    assert "1 passed" in result.stdout


def test_a_run_without_a_leak_passes_and_reports_the_searched_outputs(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, "close_stack(tmp_path, 'no prompt')")

    assert result.returncode == 0, result.stdout
    assert "Leak check: searched 1 outputs for 1 sent texts." in result.stdout


@pytest.mark.parametrize(
    "statement", ["print(SECRET)", "close_stack(tmp_path, SECRET)"], ids=["printed", "in a log"]
)
def test_an_output_of_one_process_is_searched_for_the_texts_of_another(
    tmp_path: Path, statement: str
) -> None:
    sends_nothing = TEST_MODULE.replace("    send()\n", "")
    (tmp_path / "test_other.py").write_text(sends_nothing % statement)

    result = run_pytest(tmp_path, "pass", "-p", "xdist", "-n2", "--dist=loadfile")

    assert result.returncode == 1, result.stdout
    assert "LEAK: 'my \"very own\" secret'" in result.stdout
    assert "for 1 sent texts." in result.stdout
    assert "2 passed" in result.stdout
