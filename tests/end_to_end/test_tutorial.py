"""The commands in the tutorial work as written, and lead to a better model."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import stack_env
from infra.local.stack import Stack
from tests.conftest import GENEROUS_TIMEOUTS

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs/tutorial/first-retrained-model.md").read_text("utf-8")
OTHER_MESSAGE = """
curl -sf "$CLASSIFY_URL" -H "X-Api-Key: $API_KEY" -H 'Content-Type: application/json' \
  -d '{"message": "the thing with the numbers, or when is it", "user_id": "'$USER_ID'"}'
"""
"""A message that its reader sent before, as the README and the guide for reviewers do."""


@pytest.mark.timeout(1800)  # trains a model
def test_the_commands_of_the_tutorial_lead_to_a_better_model(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", TUTORIAL, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).splitlines()
    script = "\n".join(line for line in lines if not line.startswith((". .local", "export PATH")))
    for folder in ("examples", "training", "model_artifacts"):
        (tmp_path / folder).symlink_to(ROOT / folder)

    with Stack(f"tutorial-{os.getpid()}", {"classify-and-log": GENEROUS_TIMEOUTS}) as stack:
        stack.warm()
        file = stack_env.write_file(stack, stack.create_user("ada@example.com"))
        completed = subprocess.run(
            ["bash", "-ec", f". {shlex.quote(str(file))}\n{OTHER_MESSAGE}{script}"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        )

    assert completed.returncode == 0, completed.stdout[-5000:] + completed.stderr
    assert "Counter({'stored': 420})" in completed.stdout
    assert "\n65 need review" in completed.stdout
    assert re.search(r"\+\d+\.\d points of accuracy", completed.stdout)
    assert "No veto" in completed.stdout
    assert "Model card" in (tmp_path / "build/tutorial/next/report/card.html").read_text("utf-8")
