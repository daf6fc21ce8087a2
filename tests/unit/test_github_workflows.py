"""The GitHub workflows run the local gate, with actions pinned to digests."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.packaging.targets import PYTHON_VERSION

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")


def jobs(workflow: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return content


def steps() -> list[dict[str, Any]]:
    return [step for one in WORKFLOWS for job in jobs(one).values() for step in job["steps"]]


def settings(action: str) -> list[dict[str, Any]]:
    return [step["with"] for step in steps() if step.get("uses", "").startswith(f"{action}@")]


def test_there_is_a_workflow() -> None:
    assert WORKFLOWS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_digest_with_its_version_in_a_comment(workflow: Path) -> None:
    lines = workflow.read_text("utf-8").splitlines()
    used = [line.strip().removeprefix("- ") for line in lines if "uses:" in line]

    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_has_the_same_version_everywhere() -> None:
    pinned = {step["uses"] for step in steps() if "uses" in step}

    assert len({one.partition("@")[0] for one in pinned}) == len(pinned)


def test_the_workflows_run_the_local_gate_with_the_python_version_of_lambda() -> None:
    runs = [step["run"] for step in steps() if "run" in step]
    versions = [inputs["python-version"] for inputs in settings("actions/setup-python")]

    assert ".ci/run" in runs
    assert "make package" in runs
    assert versions[0] == PYTHON_VERSION
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "exec make test" in gate
    assert f"infra/find-python {PYTHON_VERSION}" in gate


def test_every_supported_python_version_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    older = [
        version
        for workflow in WORKFLOWS
        for job in jobs(workflow).values()
        for version in job.get("strategy", {}).get("matrix", {}).get("python", [])
    ]

    first, after = re.findall(r"3\.(\d+)", project["requires-python"])
    supported = [f"3.{minor}" for minor in range(int(first), int(after))]
    assert sorted([*older, PYTHON_VERSION]) == supported


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_read_permissions_only(workflow: Path) -> None:
    content = yaml.safe_load(workflow.read_text("utf-8"))

    assert content["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in content["jobs"].values())
    assert "secrets." not in workflow.read_text("utf-8")
    assert all(inputs["persist-credentials"] is False for inputs in settings("actions/checkout"))
