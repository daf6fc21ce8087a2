"""The commands in the README work as written."""

import json
import re
import subprocess
import sys
from pathlib import Path

from infra.local import stack_env
from tests.end_to_end.conftest import DeployedStack

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def _blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def _without(block: str, *prefixes: str) -> str:
    lines = block.splitlines()
    return "\n".join(line for line in lines if not line.startswith(prefixes))


def test_the_commands_of_the_readme_work_in_their_order(
    deployment: DeployedStack, tmp_path: Path
) -> None:
    user = stack_env.write_file(deployment.stack, deployment.ada)

    def run(script: str, **environment: str) -> str:
        completed = subprocess.run(
            ["bash", "-ec", f". {user}\n{script}"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **environment},
        )
        assert completed.returncode == 0, completed.stderr
        return completed.stdout

    message, outcome, correction, export, learning = _blocks()[1:6]
    (tmp_path / "training").symlink_to(ROOT / "training")
    (tmp_path / "model_artifacts").symlink_to(ROOT / "model_artifacts")

    response = json.loads(run(_without(message, ". .local", "export PATH")))
    shown = json.loads(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0])
    assert response.keys() == shown.keys()
    assert response["intent"] == shown["intent"]
    log_id = response["log_id"]
    assert json.loads(run(_without(outcome, "LOG_ID="), LOG_ID=log_id))["was_successful"] is False
    corrected = json.loads(run(correction, LOG_ID=log_id))
    assert corrected["corrected_intent"] == "task_management"
    assert '"rows": 1' in run(export)
    assert "no significant difference" in run(learning)
    assert "Model card" in (tmp_path / "build" / "next.html").read_text("utf-8")


def test_every_setting_is_in_the_readme_and_every_link_leads_somewhere() -> None:
    settings = (ROOT / "shared/python/prompt_capture/settings.py").read_text("utf-8")
    names = re.findall(r"^    ([a-z0-9_]+): ", settings, re.MULTILINE)
    ours = [name.upper() for name in names if not name.startswith("aws_")]  # those are Lambda's
    missing = [name for name in ours if f"`{name}`" not in README]
    assert missing == []

    links = re.findall(r"\]\(((?!http)[^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
