"""`make` shows its targets, lists the benchmarks, and chooses a Python interpreter."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIND_PYTHON = ROOT / "infra" / "find-python"
BENCHMARKS = (
    "alerts", "capture", "cold", "console", "db", "export", "gate", "inputs", "loop", "model",
    "redaction", "retrain", "split", "training",
)  # fmt: skip
SOAK_TESTS = ("faults", "chaos", "export")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*#[#:] ", MAKEFILE, re.MULTILINE)
OWN_VARIABLES = ("PYTHON", "WORKERS", "MAKEFILE_LIST")
"""Those that the environment may set, or that make sets itself."""


def make(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run make as in a shell of its own, also where make runs the tests."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_fits_a_screen_of_80_by_24() -> None:
    lines = make("help").stdout.splitlines()

    assert len(lines) < 24
    assert max(map(len, lines)) < 80
    assert [line for line in lines if not line.startswith(" ")] == [
        *("Run", "Check", "Measure", "Deploy", "Maintain")
    ]


@pytest.mark.parametrize(
    ("target", "names"), [("bench", BENCHMARKS), ("soak", SOAK_TESTS)], ids=["bench", "soak"]
)
def test_an_unknown_name_is_an_error_that_lists_the_names(
    target: str, names: tuple[str, ...]
) -> None:
    result = make(target, "NAME=nonsense")

    assert result.returncode == 2
    assert "named 'nonsense'" in result.stderr
    assert re.findall(r"^  (\w+)  ", result.stderr, re.MULTILINE) == list(names)


@pytest.mark.parametrize("target", TARGETS)
def test_an_option_of_the_environment_is_none(target: str) -> None:
    # WSL sets NAME to the computer's name.
    options = set(re.findall(r"\$\((?:if )?([A-Z_]+)[,)]", MAKEFILE)) - set(OWN_VARIABLES)

    result = make("-n", target, **dict.fromkeys(options, "DESKTOP-1"))

    assert result.returncode == 0
    assert "DESKTOP-1" not in result.stdout


def test_setup_installs_all_packages_whatever_npm_is_told_to_omit() -> None:
    # `NODE_ENV=production` would leave out osls, and a configuration may leave out PostgreSQL.
    result = make("-n", "-B", "node_modules/ready")

    assert "npm install --include=dev --include=optional " in result.stdout


def test_without_a_name_the_benchmarks_are_listed() -> None:
    result = make("bench")

    assert result.returncode == 0
    assert re.findall(r"^  (\w+)  ", result.stdout, re.MULTILINE) == list(BENCHMARKS)
    assert max(map(len, result.stdout.splitlines())) < 100


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_is_also_a_target_of_its_own(name: str) -> None:
    by_name, by_target = make("-n", "bench", f"NAME={name}"), make("-n", f"bench-{name}")

    assert by_name.returncode == by_target.returncode == 0
    assert by_target.stdout in by_name.stdout.removesuffix(":\n")


def test_variables_reach_the_benchmark() -> None:
    capture = make("-n", "bench", "NAME=capture", "ROUNDS=7").stdout
    model = make(
        "-n", "bench", "NAME=model", "DATA_DIR=data", "QUICK=1", "SEEDS=3", "SHARE=1"
    ).stdout
    loop = make("-n", "bench", "NAME=loop", "DATA_DIR=data", "ORDERS=queue", "FINAL=1").stdout
    year = make("-n", "year", "DATA=mine.jsonl", "SEEDS=4,5").stdout
    faults = make("-n", "soak", "MESSAGES=100", "ONLY=clock", "DEADLINE=2").stdout

    assert "ROUNDS=7 .venv/bin/python -m benchmarks.capture" in capture
    assert '-m benchmarks.model --data-dir "data" --quick' in model
    assert '--seeds "3"' in model
    assert "--share-embeddings" in model
    assert '-m benchmarks.loop --data-dir "data"' in loop
    assert '--orders "queue"' in loop
    assert "--final" in loop
    assert '-m benchmarks.year --data "mine.jsonl" --seeds "4,5"' in year
    assert 'MESSAGES=100 ONLY="clock"' in faults
    assert "DEADLINE=2 .venv/bin/python -m tests.faults.soak" in faults


def test_the_tests_run_in_as_many_processes_as_the_variable_says() -> None:
    processes = len(os.sched_getaffinity(0)) + 1
    assert f"pytest --numprocesses {processes} --maxprocesses 4" in make("-n", "test").stdout
    assert "pytest --numprocesses 0 " in make("-n", "test", "WORKERS=0").stdout


def find_python(*arguments: str, **environment: str) -> str:
    """Search with the given variables alone, so that no other installation is found."""
    variables = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"} | environment
    process = subprocess.run(
        [FIND_PYTHON, *arguments], env=variables, capture_output=True, text=True, check=False
    )
    return process.stdout.strip() if process.returncode == 0 else ""


@pytest.fixture
def version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def install(folder: Path, version: str) -> Path:
    """Put a Python of this version, which is a virtual environment, into a folder."""
    folder.mkdir(parents=True)
    interpreter = folder / f"python{version}"
    interpreter.symlink_to(sys.executable)
    return interpreter


def test_the_installation_of_a_virtual_environment_is_found(tmp_path: Path, version: str) -> None:
    install(tmp_path / "bin", version)
    found = find_python(version, PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")

    assert Path(found).is_file()
    assert not (Path(found).parent.parent / "pyvenv.cfg").exists()


@pytest.mark.parametrize("manager", ["pyenv", "uv"])
def test_the_newest_installation_of_a_manager_is_found(
    tmp_path: Path, version: str, manager: str
) -> None:
    folders = {"pyenv": "versions/{}", "uv": "cpython-{}-linux-x86_64-gnu"}
    for patch in ("2", "10"):
        folder = tmp_path / folders[manager].format(f"{version}.{patch}") / "bin"
        folder.mkdir(parents=True)
        script = folder / f"python{version}"
        script.write_text(f"#!/bin/sh\necho {script}\n")
        script.chmod(0o755)
    variable = {"pyenv": "PYENV_ROOT", "uv": "UV_PYTHON_INSTALL_DIR"}[manager]
    found = find_python(version, **{variable: str(tmp_path), "PATH": str(_tools(tmp_path))})

    assert f"{version}.10" in found


def _tools(folder: Path) -> Path:
    """Return a folder with the commands that the search needs, and without any Python."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("ls", "sort"):
        (tools / name).symlink_to(shutil.which(name) or name)
    return tools


def test_an_earlier_version_wins_and_a_missing_one_is_skipped(version: str) -> None:
    found = find_python("3.99", version, LAMBDA_PYTHON=sys.executable)

    assert found == find_python(version, LAMBDA_PYTHON=sys.executable) != ""


def test_an_interpreter_of_another_version_is_not_taken(tmp_path: Path) -> None:
    install(tmp_path / "bin", "3.99")

    assert find_python("3.99", PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin") == ""
    assert find_python("3.99", LAMBDA_PYTHON=sys.executable) == ""
