"""The distribution `prompt-capture-client`: its wheel alone is enough to use the service."""

import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from infra.local import stack_env
from tests.end_to_end.conftest import DeployedStack

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "clients" / "python"
PAGES = ["README.md", "clients/python/README.md", "docs/how-to/use-the-python-client.md"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the wheel, what it requires, and nothing else.

    The requirements are copies of those that are installed here, so that no index is needed.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    interpreter = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in _requirements(_metadata(PROJECT)["dependencies"]):
        _copy_distribution(name, packages)
    _run_uv("install", "--offline", "--no-deps", "--python", str(interpreter), str(wheel))
    return interpreter


def _metadata(folder: Path) -> dict[str, Any]:
    metadata: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return metadata


def _requirements(declared: list[str]) -> set[str]:
    """Return the names of the distributions that are required, directly or indirectly."""
    names: set[str] = set()
    waiting = [Requirement(one) for one in declared]
    while waiting:
        requirement = waiting.pop()
        needed = not requirement.marker or requirement.marker.evaluate({"extra": ""})
        if needed and requirement.name not in names:
            names.add(requirement.name)
            waiting += map(Requirement, distribution(requirement.name).requires or [])
    return names


def _copy_distribution(name: str, packages: Path) -> None:
    installed = distribution(name)
    for file in installed.files or []:
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(installed.locate_file(file)), target)


def _run_uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "pip", *arguments], check=True, capture_output=True, text=True)


def _run(python: Path, script: str, folder: Path, **environment: str) -> str:
    completed = subprocess.run(
        [python, "-I", "-W", "error", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    return completed.stdout


def test_the_wheel_contains_the_client_only(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    information = f"prompt_capture_client-{_metadata(PROJECT)['version']}.dist-info/"

    assert {str(Path(name).parent) + "/" for name in names} == {
        "prompt_capture/client/",
        information,
        f"{information}licenses/",
    }
    assert "prompt_capture/client/py.typed" in names


def test_the_declared_requirements_are_complete(python: Path, tmp_path: Path) -> None:
    _run_uv("check", "--python", str(python))
    script = """
import importlib.util, prompt_capture.client
print(importlib.util.find_spec("prompt_capture.domain"))
"""

    assert _run(python, script, tmp_path) == "None\n"


@pytest.mark.parametrize("page", PAGES)
def test_the_example_of_the_page_captures_a_message_with_its_outcome(
    deployment: DeployedStack, python: Path, tmp_path: Path, page: str
) -> None:
    (example, *_) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    script = f"""
user_id = {deployment.ada.id!r}
def reschedule(answer):
    print(answer.intent, answer.captured)
{example}
capture.close()
"""

    printed = _run(python, script, tmp_path, **stack_env.variables(deployment.stack))

    assert printed == "reschedule stored\n"
    (row,) = deployment.rows()
    assert (row["workflow_type"], row["was_successful"]) == ("reschedule_event", True)


def test_the_client_has_the_version_and_the_licence_of_the_project() -> None:
    client, project = _metadata(PROJECT), _metadata(ROOT)

    assert (client["version"], client["license"]) == (project["version"], project["license"])
    assert (PROJECT / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    ours = {Requirement(one).name for one in project["dependencies"]}
    assert {Requirement(one).name for one in client["dependencies"]} <= ours
