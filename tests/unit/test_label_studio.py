"""Label Studio's SDK reads the exported tasks, and its annotations can be imported."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.domain.review_files import read_review, write_entries

ID = "01a20ce3-576e-7a47-ac46-366bfd775716"
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "review-in-files.md"
LABEL_STUDIO = Path(sys.prefix) / "label-studio"

READER = """
import json, random, sys
from label_studio_sdk.label_interface import LabelInterface
from label_studio_sdk.label_interface.objects import TaskValue

config, tasks = json.load(sys.stdin)
random.seed(1)
project = LabelInterface(config)
project.validate()
results = []
for task in tasks:
    value = TaskValue.model_validate(task)
    (prediction,) = value.predictions
    (text,) = project.load_task(value.data).objects
    results.append({
        "is_complete": project.validate_task({"data": value.data}),
        "text": text.value,
        "errors": project.validate_prediction(prediction.model_dump(), return_errors=True),
        "annotation": project.generate_sample_annotation(),
    })
print(json.dumps(results))
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
TASKS = [*map(_task, PROMPTS), _task("move it", predicted="not a choice of the project")]


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    """Read each task with Label Studio's SDK, in the project that the documentation shows."""
    (project,) = re.findall(r"```xml\n(.+?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    process = subprocess.run(
        [sys.executable, "-c", READER],
        env=os.environ | {"PYTHONPATH": str(LABEL_STUDIO)},
        input=json.dumps([project, TASKS]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    results: list[dict[str, Any]] = json.loads(process.stdout)
    return results


def test_label_studio_reads_the_tasks_and_their_predictions(results: list[dict[str, Any]]) -> None:
    *valid, _ = results

    assert [task["text"] for task in valid] == PROMPTS
    assert all(task["is_complete"] and task["errors"] == [] for task in valid)


def test_label_studio_reports_a_prediction_that_is_no_choice(
    results: list[dict[str, Any]],
) -> None:
    *_, invalid = results

    assert "Invalid value for control 'intent'" in invalid["errors"][0]


def test_label_studio_annotations_are_imported(
    results: list[dict[str, Any]],
) -> None:
    annotation = results[0]["annotation"]

    review = read_review(json.dumps([{**TASKS[0], "annotations": [annotation]}]))

    (decided,) = review.decided.values()
    values = {result["from_name"]: result["value"] for result in annotation["result"]}
    assert [decided.corrected_intent] == values["intent"]["choices"]
    assert decided.notes == "\n".join(values["notes"]["text"])
    assert (str(decided.id), review.errors) == (ID, [])
