"""The terminal that runs the tests changes none of their results."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer import rich_utils

from tests.terminal import forget_terminal

ROOT = Path(__file__).parents[2]
TERMINALS = [
    {"GITHUB_ACTIONS": "true", "CI": "true", "FORCE_COLOR": "1", "PY_COLORS": "1", "COLUMNS": "40"},
    {"NO_COLOR": "1", "TERMINAL_WIDTH": "30", "TTY_COMPATIBLE": "1", "TYPER_USE_RICH": "0"},
    {"http_proxy": "http://127.0.0.1:1", "no_proxy": "internal.example"},
]
TEST = """
import os
import pytest
from typer.testing import CliRunner
from cli.main import app

def test_this_process():
    output = CliRunner().invoke(app, ["prompts", "--failed", "--low-confidence"]).output
    assert "exactly one of --low-confidence, --failed and --for-retraining" in output

def test_proxies(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "foo://p")
    output = CliRunner().invoke(app, ["health"], env={"SUPABASE_URL": "http://h",
                                                      "SUPABASE_SECRET_KEY": "sb_secret_x"}).output
    assert "No HTTP client can be created (ValueError)" in output
"""


@pytest.mark.parametrize("terminal", TERMINALS, ids="-".join)
def test_commands_print_the_same_in_every_terminal(
    terminal: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_it.py").write_text(TEST)
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "-q", str(tmp_path)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **terminal},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in completed.stdout, completed.stdout[-3000:]


def test_what_no_terminal_sets_stays() -> None:
    environment = {"PATH": "/bin", "HTTPS_PROXY": "a", "no_proxy": "b"}
    forget_terminal(environment)

    assert environment == {
        "PATH": "/bin",
        "HTTPS_PROXY": "a",
        "NO_PROXY": "b",
        "COLUMNS": "80",
        "LINES": "25",
    }
    assert rich_utils.FORCE_TERMINAL is None
