"""Label Studio's own code reads what is exported for it, and what it makes of that comes back."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.domain.review_files import write_entries
from prompt_capture.domain.reviews import read_review

ID = "01a20ce3-576e-7a47-ac46-366bfd775716"
GUIDE = Path(__file__).parents[2] / "docs" / "datasets.md"
LABEL_STUDIO = Path(sys.prefix) / "label-studio"

READER = """
import json, random, sys
from label_studio_sdk.label_interface import LabelInterface
from label_studio_sdk.label_interface.objects import TaskValue

config, tasks = json.load(sys.stdin)
random.seed(1)
project = LabelInterface(config)
project.validate()
told = []
for task in tasks:
    read = TaskValue.model_validate(task)
    (prediction,) = read.predictions
    (text,) = project.load_task(read.data).objects
    told.append({
        "shows_all": project.validate_task({"data": read.data}),
        "text": text.value,
        "faults": project.validate_prediction(prediction.model_dump(), return_errors=True),
        "annotation": project.generate_sample_annotation(),
    })
print(json.dumps(told))
"""


def _task(prompt: str, predicted: str = "reminder") -> dict[str, Any]:
    entry = {
        "id": ID,
        "prompt": prompt,
        "predicted_intent": predicted,
        "confidence": 0.4,
        "created_at": "2026-11-24T00:00:00+00:00",
        "corrected_intent": None,
        "notes": None,
    }
    (task,) = json.loads(write_entries([entry], "label-studio"))
    return dict(task)


PROMPTS = ["=1+1", 'say "hi",\nthen go', "erinnere mich an Zoë 🎻", "$prompt"]
TASKS = [*map(_task, PROMPTS), _task("move it", predicted="no choice of the project")]


@pytest.fixture(scope="module")
def read() -> list[dict[str, Any]]:
    """What Label Studio makes of each task, in the project that the guide suggests."""
    (project,) = re.findall(r"```xml\n(.+?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", READER],
        env=os.environ | {"PYTHONPATH": str(LABEL_STUDIO)},
        input=json.dumps([project, TASKS]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def test_label_studio_reads_the_tasks_and_their_predictions(read: list[dict[str, Any]]) -> None:
    *good, _ = read

    assert [task["text"] for task in good] == PROMPTS
    assert all(task["shows_all"] and task["faults"] == [] for task in good)


def test_label_studio_says_what_the_project_does_not_offer(read: list[dict[str, Any]]) -> None:
    *_, wrong = read

    assert "Invalid value for control 'intent'" in wrong["faults"][0]


def test_what_label_studio_makes_of_a_choice_and_notes_comes_back(
    read: list[dict[str, Any]],
) -> None:
    annotation = read[0]["annotation"]

    review = read_review(json.dumps([{**TASKS[0], "annotations": [annotation]}]))

    (decided,) = review.decided.values()
    values = {one["from_name"]: one["value"] for one in annotation["result"]}
    assert [decided.corrected_intent] == values["intent"]["choices"]
    assert decided.notes == "\n".join(values["notes"]["text"])
    assert (str(decided.id), review.faults) == (ID, [])
