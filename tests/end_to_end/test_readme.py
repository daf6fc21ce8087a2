"""The commands in the README work as written."""

import json
import re
import shlex
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
            ["bash", "-ec", f". {shlex.quote(str(user))}\n{script}"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **environment},
        )
        assert completed.returncode == 0, completed.stderr
        return completed.stdout

    message, outcome, correction, export = _blocks()[1:5]

    response = json.loads(run(_without(message, ". .local", "export PATH")))
    shown = json.loads(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0])
    assert response.keys() == shown.keys()
    assert response["intent"] == shown["intent"]
    log_id = response["log_id"]
    assert json.loads(run(_without(outcome, "LOG_ID="), LOG_ID=log_id))["was_successful"] is False
    corrected = json.loads(run(correction, LOG_ID=log_id))
    assert corrected["corrected_intent"] == "task_management"
    assert '"rows": 1' in run(export)
