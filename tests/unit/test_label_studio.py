"""Label Studio's SDK reads the exported tasks, and its annotations and exports can be imported."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.review_files import read_review, write_entries
from training.data.formats import read_as
from training.data.remarks import Remarks

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

CONVERTER = """
import json, sys, types
from pathlib import Path
from unittest.mock import MagicMock

# Packages that the exports in question do not use, or only to read and write JSON.
names = ("nltk", "nltk.tokenize", "nltk.tokenize.treebank")
sys.modules |= {name: MagicMock() for name in names} | {"ujson": json}
items = lambda file, prefix, use_float: iter(json.load(file))
sys.modules["ijson"] = types.SimpleNamespace(items=items, backend="json")

from label_studio_sdk.converter.converter import Converter

folder = Path(sys.argv[1])
config, tasks = json.load(sys.stdin)
(folder / "tasks.json").write_text(json.dumps(tasks))
converter = Converter(config, str(folder))
for name, suffix in (("JSON", "json"), ("JSON_MIN", "json"), ("CSV", "csv"), ("TSV", "csv")):
    converter.convert(str(folder / "tasks.json"), str(folder / name), name, is_dir=False)
    (folder / name / f"result.{suffix}").rename(folder / f"{name}.txt")
"""

EXPORTS = ("JSON", "JSON_MIN", "CSV", "TSV")


def _task(prompt: str, predicted: str = "reminder", secondary: str = "") -> dict[str, Any]:
    entry = {
        "id": ID,
        "prompt": prompt,
        "predicted_intent": predicted,
        "predicted_secondary_intents": secondary,
        "confidence": 0.4,
        "created_at": "2026-11-24T00:00:00+00:00",
        "corrected_intent": None,
        "notes": None,
    }
    (task,) = json.loads(write_entries([entry], "label-studio"))
    return dict(task)


PROMPTS = ["=1+1", 'say "hi",\nthen go', "erinnere mich an Zoë 🎻", "$prompt"]
TASKS = [
    *map(_task, PROMPTS),
    _task("do both", secondary="email"),
    _task("move it", predicted="not a choice of the project"),
]


def _run(script: str, content: object, *arguments: str) -> str:
    """Run a script with Label Studio's SDK, and return its output."""
    process = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": str(LABEL_STUDIO)},
        input=json.dumps(content),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    """Read each task with Label Studio's SDK, in the project that the documentation shows."""
    (project,) = re.findall(r"```xml\n(.+?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    results: list[dict[str, Any]] = json.loads(_run(READER, [project, TASKS]))
    return results


def test_label_studio_reads_the_tasks_and_their_predictions(results: list[dict[str, Any]]) -> None:
    *valid, _ = results

    assert [task["text"] for task in valid] == [*PROMPTS, "do both"]
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
    values = {result["from_name"]: result["value"] for result in annotation["result"]}
    # The sample chooses at random, also that there are no secondary intents.
    assert set(values["secondary"]["choices"]) <= {"[]", "email"}
    values["secondary"]["choices"] = ["email"]

    review = read_review(json.dumps([{**TASKS[0], "annotations": [annotation]}]))

    (decided,) = review.decided.values()
    assert [decided.corrected_intent] == values["intent"]["choices"]
    assert decided.corrected_secondary_intents == ("email",)
    assert decided.notes == "\n".join(values["notes"]["text"])
    assert (str(decided.id), review.errors) == (ID, [])


def _annotation(*results: tuple[str, str, list[str]], **fields: Any) -> dict[str, Any]:
    """Return an annotation with a result for each control, type and its values."""
    result = [
        {
            "from_name": control,
            "to_name": "text",
            "type": kind,
            "value": {"choices" if kind == "choices" else "text": values},
        }
        for control, kind, values in results
    ]
    times = {"created_at": "2026-11-24T00:00:00Z", "updated_at": "2026-11-24T00:00:00Z"}
    return {"id": 3, "completed_by": 1, "lead_time": 4.2, "result": result, **times, **fields}


def _export(
    folder: Path,
    intent: str,
    notes: str,
    *annotations: dict[str, Any],
    secondary: str = "secondary",
    **data: str,
) -> dict[str, str]:
    """Return the content of each export of one task; the controls have the given names.

    `data` is further data of the task.
    """
    config = f"""<View>
      <Text name="text" value="$prompt"/>
      <Choices name="{intent}" toName="text" choice="multiple"><Choice value="reminder"/></Choices>
      <Choices name="{secondary}" toName="text" choice="multiple">
        <Choice value="no other intent" alias="[]"/><Choice value="email"/><Choice value="status"/>
      </Choices>
      <TextArea name="{notes}" toName="text"/>
    </View>"""
    task = {"id": 12, **_task("=1+1; move it"), "annotations": list(annotations)}
    task["data"] |= data
    _run(CONVERTER, [config, [task]], str(folder))
    return {name: (folder / f"{name}.txt").read_text("utf-8") for name in EXPORTS}


def test_a_decision_is_read_from_every_export(tmp_path: Path) -> None:
    notes = ("notes", "textarea", ["they say when"])
    annotation = _annotation(("intent", "choices", ["reminder"]), notes)

    for name, content in _export(tmp_path, "intent", "notes", annotation).items():
        review = read_review(content)
        assert (name, review.errors, review.undecided) == (name, [], 0)
        (decided,) = review.decided.values()
        assert (str(decided.id), decided.corrected_intent, decided.notes) == (
            ID, "reminder", "they say when",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "stated"),
    [([], None), (["[]"], ()), (["email"], ("email",)), (["status", "email"], ("status", "email"))],
)
def test_secondary_intents_are_read_from_every_export(
    tmp_path: Path, chosen: list[str], stated: tuple[str, ...] | None
) -> None:
    secondary = [("secondary", "choices", chosen)] if chosen else []
    annotation = _annotation(("intent", "choices", ["reminder"]), *secondary)

    for name, content in _export(tmp_path, "intent", "notes", annotation).items():
        review = read_review(content)
        assert (name, review.errors) == (name, [])
        assert [each.decision for each in review.decided.values()] == [("reminder", stated)]


def test_annotators_who_disagree_about_secondary_intents_are_named_in_every_export(
    tmp_path: Path,
) -> None:
    intent = ("intent", "choices", ["reminder"])
    silent, email, none = (
        _annotation(intent, *stated, id=number, completed_by=number)
        for number, stated in enumerate(
            ([], [("secondary", "choices", ["email"])], [("secondary", "choices", ["[]"])])
        )
    )

    for content in _export(tmp_path, "intent", "notes", silent, email).values():
        review = read_review(content)
        assert [each.decision for each in review.decided.values()] == [("reminder", ("email",))]
    for content in _export(tmp_path, "intent", "notes", email, none).values():
        review = read_review(content)
        (error,) = review.errors
        assert {"secondary", "email", "none"} <= set(re.findall(r"\w+", error.reason))
        assert review.decided == {}


def test_an_annotation_with_and_without_secondary_intents_is_a_fault(tmp_path: Path) -> None:
    secondary = ("secondary", "choices", ["[]", "email"])
    annotation = _annotation(("intent", "choices", ["reminder"]), secondary)
    for content in _export(tmp_path, "intent", "notes", annotation).values():
        (error,) = read_review(content).errors
        assert "that there are none" in error.reason


def test_a_control_of_another_name_is_recognised_where_the_export_says_what_is_a_control(
    tmp_path: Path,
) -> None:
    annotation = _annotation(("choice", "choices", ["reminder"]))
    exports = _export(tmp_path, "choice", "notes", annotation)

    (decided,) = read_review(exports.pop("JSON")).decided.values()
    assert decided.corrected_intent == "reminder"
    for content in exports.values():
        review = read_review(content)
        (error,) = review.errors
        assert "If the control of the intent is not named `intent`, export as JSON" in error.reason
        assert review.decided == {}


@pytest.mark.parametrize("notes", [[], [("notes", "textarea", ["hm"])]])
def test_further_data_of_a_task_is_never_a_decision(tmp_path: Path, notes: list[Any]) -> None:
    """Without a choice, JSON-MIN has no field of the control, and the data remains."""
    annotation = _annotation(*notes)
    exports = _export(tmp_path, "intent", "notes", annotation, llm_suggestion="help")

    for content in exports.values():
        review = read_review(content)
        (error,) = review.errors
        assert "no choice of an intent" in error.reason
        assert review.decided == {}


def test_further_data_of_a_task_does_not_disturb_a_decision(tmp_path: Path) -> None:
    annotation = _annotation(("intent", "choices", ["reminder"]))
    exports = _export(tmp_path, "intent", "notes", annotation, llm_suggestion="help")

    for content in exports.values():
        (decided,) = read_review(content).decided.values()
        assert decided.corrected_intent == "reminder"


def test_several_notes_and_choices_in_one_cell_are_understood(tmp_path: Path) -> None:
    notes = ("notes", "textarea", ["one", "two"])
    good = _annotation(("intent", "choices", ["reminder"]), notes)
    several = _annotation(("intent", "choices", ["reminder", "status"]))

    for name, content in _export(tmp_path, "intent", "notes", good).items():
        assert [(name, each.notes) for each in read_review(content).decided.values()] == [
            (name, "one\ntwo")
        ]
    for content in _export(tmp_path, "intent", "notes", several).values():
        (error,) = read_review(content).errors
        assert "several intents: reminder, status" in error.reason


def test_the_notes_of_all_annotators_are_kept_in_every_export(tmp_path: Path) -> None:
    intent = ("intent", "choices", ["reminder"])
    first, silent, second = (
        _annotation(intent, *notes, id=number, completed_by=number)
        for number, notes in enumerate(
            ([("notes", "textarea", ["one"])], [], [("notes", "textarea", ["two", "three"])])
        )
    )

    exports = _export(tmp_path, "intent", "notes", first, silent, second)

    for name, content in exports.items():
        review = read_review(content)
        assert (name, review.errors) == (name, [])
        assert [each.notes for each in review.decided.values()] == ["one\ntwo\nthree"]


def test_fields_and_controls_that_are_not_read_are_named_in_every_export(tmp_path: Path) -> None:
    choice, other = ("intent", "choices", ["reminder"]), ("notes2", "textarea", ["hm"])
    annotations = [_annotation(choice), _annotation(choice, ("notes", "textarea", ["x"]), other)]

    for name, content in _export(tmp_path, "intent", "notes", *annotations, votes="3").items():
        review = read_review(content)
        assert (name, review.errors) == (name, [])
        assert "votes" in review.ignored, name


@pytest.mark.parametrize(
    "control", ["Secondary", "secondary_intents", "corrected_secondary_intents"]
)
def test_a_misspelt_control_of_secondary_intents_is_a_fault_in_every_export(
    tmp_path: Path, control: str
) -> None:
    choices = ("intent", "choices", ["reminder"]), (control, "choices", ["email"])
    exports = _export(tmp_path, "intent", "notes", _annotation(*choices), secondary=control)
    task = {**_task("move it"), "annotations": [_annotation(choices[1])]}
    exports["JSON without an intent"] = json.dumps([task])

    for name, content in exports.items():
        if name in {"CSV", "TSV"} and control == "Secondary":  # the case of columns does not matter
            assert _decisions(content) == [("reminder", ("email",))]
            continue
        assert "secondary" in _problem(content), name


def _decisions(content: str) -> list[Any]:
    return [each.decision for each in read_review(content).decided.values()]


def _problem(content: str) -> str:
    """Return the reason why a file, or its one entry, is not valid."""
    try:
        review = read_review(content)
    except InvalidReview as error:
        return str(error)
    assert review.decided == {}
    (entry_error,) = review.errors
    return entry_error.reason


def test_an_annotation_without_a_choice_is_a_fault_in_every_export(tmp_path: Path) -> None:
    annotation = _annotation(("notes", "textarea", ["hm"]))

    for name, content in _export(tmp_path, "intent", "notes", annotation).items():
        review = read_review(content)
        (error,) = review.errors
        assert error.reason.startswith("annotations: one has no choice of an intent"), name
        assert (review.decided, review.undecided) == ({}, 0)


def test_a_task_without_an_annotation_is_undecided_in_every_export(tmp_path: Path) -> None:
    for name, content in _export(tmp_path, "intent", "notes").items():
        review = read_review(content)
        assert (name, review.undecided, review.errors) == (name, 1, [])


def test_annotators_who_disagree_are_named_in_every_export_and_agreement_counts_once(
    tmp_path: Path,
) -> None:
    first, second = (
        _annotation(("intent", "choices", [intent]), id=number, completed_by=number)
        for number, intent in enumerate(["reminder", "status"])
    )

    for name, content in _export(tmp_path, "intent", "notes", first, second).items():
        review = read_review(content)
        (error,) = review.errors
        assert {"reminder", "status"} <= set(re.findall(r"\w+", error.reason)), name
        assert review.decided == {}
    for content in _export(tmp_path, "intent", "notes", first, first | {"id": 9}).values():
        review = read_review(content)
        assert [each.corrected_intent for each in review.decided.values()] == ["reminder"]
        assert review.errors == []


def test_the_number_of_the_task_in_place_of_the_id_is_a_fault_with_a_remedy() -> None:
    entry = {"id": 12, "prompt": "p", "corrected_intent": None, "notes": None}
    annotated = entry | {"intent": "reminder", "annotator": 1, "annotation_id": 3}

    review = read_review(json.dumps([annotated]))

    assert review.undecided == 0
    (error,) = review.errors
    assert "replaces the prompt's id" in error.reason
    assert "Export as JSON" in error.reason


@pytest.mark.parametrize("lacking", ["", None, "annotation_id"])
def test_a_choice_counts_without_the_number_of_its_annotation(lacking: str | None) -> None:
    data = {"corrected_intent": None, "corrected_secondary_intents": None, "log_id": ID}
    first = data | {"annotation_id": lacking, "intent": "reminder", "annotator": 1}
    second = first | {"annotator": 2, "intent": "email"}
    if lacking:
        first.pop(lacking), second.pop(lacking)

    (decided,) = read_review(json.dumps([first | {"secondary": "email"}])).decided.values()
    both = read_review(json.dumps([first, second]), ["reminder", "email"])

    assert (decided.corrected_intent, decided.corrected_secondary_intents) == (
        "reminder",
        ("email",),
    )
    assert not both.decided
    assert "reminder" in both.errors[0].reason
    assert "email" in both.errors[0].reason


def test_a_choice_of_another_control_without_the_number_of_its_annotation_is_a_fault() -> None:
    entry = {"corrected_intent": None, "log_id": ID, "annotator": 1, "choice": "reminder"}

    review = read_review(json.dumps([entry]), ["reminder"])

    (error,) = review.errors
    assert "choice is the intent reminder" in error.reason
    assert review.undecided == 0


def test_an_entry_for_an_annotator_may_be_undecided_and_its_corrected_intent_counts() -> None:
    entry = {"log_id": ID, "annotator": "grace", "corrected_intent": "", "intent": ""}

    assert read_review(json.dumps([entry])).undecided == 1
    decided = read_review(json.dumps([entry | {"corrected_intent": "reminder"}])).decided
    assert [each.corrected_intent for each in decided.values()] == ["reminder"]


def _read_task(**fields: Any) -> tuple[list[str], list[str], int]:
    """Return decisions, errors and the number of undecided entries of a file with one task."""
    review = read_review(json.dumps([{**_task("p"), **fields}]), ["reminder", "email"])
    intents = [each.corrected_intent for each in review.decided.values()]
    return intents, [error.reason for error in review.errors], review.undecided


CHOICE = ("intent", "choices", ["reminder"])
RELATION = {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"annotations": []},
        {"annotations": None},
        {"annotations": [_annotation(CHOICE, was_cancelled=True)]},
        {"annotations": [_annotation(CHOICE, skipped=True)]},
        {"drafts": [_annotation(CHOICE)]},
        {"predictions": [_annotation(CHOICE)]},
        {"result": [], "annotation": None, "corrected_intent": None, "notes": ""},
        {"project": "Reminders", "comment": "reminder or email?", "updated_by": [{"id": 1}]},
    ],
)
def test_tasks_without_a_valid_annotation_are_undecided(fields: dict[str, Any]) -> None:
    assert _read_task(**fields) == ([], [], 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"annotations": [_annotation(CHOICE)]},
        {"completions": [_annotation(CHOICE)]},
        {"annotations": [_annotation(CHOICE), _annotation(CHOICE)]},
        {"annotations": [_annotation(("i", "choices", ["x"]), was_cancelled=True),
                         _annotation(CHOICE)]},
        {"annotations": [_annotation(CHOICE, ("mood", "choices", ["calm"]))]},
        {"annotations": [_annotation(("any", "choices", ["reminder"]), ("n", "textarea", ["a"]))]},
        {"annotations": [_annotation(("intent", "choices", ["reminder", "reminder"]))]},
        {"annotations": [{"result": [RELATION, *_annotation(CHOICE)["result"]]}]},
    ],
)  # fmt: skip
def test_a_decision_is_found_in_an_annotation(fields: dict[str, Any]) -> None:
    assert _read_task(**fields) == (["reminder"], [], 0)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"annotations": [17]}, "only their ids.*Export as JSON"),
        ({"annotations": 17}, "not a list"),
        ({"annotations": [], "total_annotations": 2}, "only their ids or their number"),
        ({"annotations": [_annotation()]}, "no choice of an intent"),
        ({"annotations": [{"id": 1}]}, "no choice of an intent"),
        ({"annotations": [{"result": 3}]}, "result of one is not a list"),
        ({"annotations": [{"result": [3]}]}, "has no value"),
        ({"annotations": [{"result": [{"value": 3}]}]}, "has no value"),
        ({"annotations": [_annotation(("intent", "choices", []))]}, "no choice"),
        ({"annotations": [_annotation(("intent", "choices", [3]))]}, "neither a text nor a list"),  # type: ignore[list-item]
        ({"annotations": [_annotation(("intent", "textarea", ["x"]))]}, "not of the type Choices"),
        (
            {"annotations": [_annotation(("a", "choices", ["x"]), ("b", "choices", ["y"]))]},
            "any of the controls a, b.*`intent`",
        ),
        (
            {"annotations": [_annotation(CHOICE), _annotation(("intent", "choices", ["email"]))]},
            r"annotators disagree: reminder, email\. Nothing is recorded",
        ),
        ({"result": _annotation(CHOICE)["result"]}, "result.*beside its data"),
        ({"annotation": _annotation(CHOICE)}, "annotation.*beside its data"),
        ({"corrected_intent": "reminder"}, "corrected_intent: it is beside the data"),
        ({"corrected_secondary_intents": []}, "corrected_secondary_intents: it is beside the data"),
        ({"annotations": [], "notes": "hm"}, "notes: it is beside the data"),
        ({"Intent": "Reminder"}, "Intent is the intent reminder.*into data"),
        ({"annotations": [], "labels": [{"name": "reminder"}]}, "labels has reminder"),
        ({"annotations": [], "result": _annotation(CHOICE)["result"]}, "result.*beside its data"),
        ({"data": 3, "annotations": []}, "has no data, as each task of Label Studio has"),
        ({"data": {"id": "x"}, "annotations": [_annotation(CHOICE)]}, "id: "),
        ({"data": {"text": "x"}, "annotations": [_annotation(CHOICE)]}, "log_id.*columns text and"),
    ],
)
def test_a_faulty_task_is_an_error_of_its_own(fields: dict[str, Any], problem: str) -> None:
    decided, errors, undecided = _read_task(**fields)

    assert (decided, undecided, len(errors)) == ([], 0, 1)
    assert re.search(problem, errors[0])


@pytest.mark.parametrize("notes", [["see", "above"], 7, {"text": 7}, ["see", 7]])
@pytest.mark.parametrize("skipped", [[], [{"was_cancelled": True, "result": []}]])
def test_the_notes_of_a_task_without_a_decision_cost_no_other_entry(
    notes: object, skipped: list[Any]
) -> None:
    choice = {"from_name": "intent", "type": "choices", "value": {"choices": ["reminder"]}}
    tasks = [
        {"data": {"log_id": ID[:-1] + "7", "notes": notes}, "annotations": skipped},
        {"data": {"log_id": ID}, "annotations": [{"result": [choice]}]},
    ]

    review = read_review(json.dumps(tasks))

    assert list(review.decided) == [2]
    if notes == ["see", "above"]:
        assert (review.errors, review.unrecorded_notes) == ([], (1,))
    else:
        assert [error.reason for error in review.errors] == [
            "notes: it is neither a text nor a list of texts"
        ]


def test_a_task_that_is_skipped_with_notes_is_undecided_and_named() -> None:
    skipped = _annotation(("notes", "textarea", ["two intents?"]), was_cancelled=True)

    review = read_review(json.dumps([_task("a"), {**_task("b"), "annotations": [skipped]}]))

    assert (review.undecided, review.errors, review.unrecorded_notes) == (2, [], (2,))


ACCEPTED, REJECTED = {"id": 1, "accepted": True}, {"id": 2, "accepted": False}


@pytest.mark.parametrize(
    "reviews",
    [
        [REJECTED],
        [ACCEPTED, REJECTED],
        [REJECTED, ACCEPTED],  # the later one has the higher id
        [REJECTED, {"id": 3, "accepted": None, "comment": "see above"}],
        [{"created_at": "2026-02-02", **REJECTED}, {"created_at": "2026-01-01", **ACCEPTED}],
        [{"accepted": True}, {"accepted": False}],
    ],
)
def test_an_annotation_that_a_reviewer_rejected_is_no_decision_and_named(reviews: Any) -> None:
    rejected = [_annotation(CHOICE, ("notes", "textarea", ["x"]), reviews=reviews)]
    other = _annotation(("intent", "choices", ["status"]), id=2)
    tasks = [
        {**_task("a"), "annotations": rejected},
        {**_task("b"), "annotations": [*rejected, other]},
    ]

    review = read_review(json.dumps(tasks))

    assert (review.undecided, review.errors, review.rejected) == (1, [], (1, 2))
    assert [each.corrected_intent for each in review.decided.values()] == ["status"]
    assert review.unrecorded_notes == (1,)


def test_training_names_the_annotations_that_a_reviewer_rejected(tmp_path: Path) -> None:
    remarks = Remarks()
    annotations = [_annotation(CHOICE, reviews=[REJECTED])]
    file = tmp_path / "review.json"
    file.write_text(json.dumps([{**_task("a"), "annotations": annotations}]))

    assert read_as("review", file, remarks) == []
    assert "1 left out: annotations that a reviewer rejected (entry 1)." in "\n".join(remarks)


@pytest.mark.parametrize(
    "reviews",
    [
        [],
        None,
        [ACCEPTED],
        [{"id": 1}],
        [{"accepted": None}],
        [REJECTED, {**ACCEPTED, "id": 3}],
        [{**ACCEPTED, "id": 3}, REJECTED],
        [{"accepted": False}, {"accepted": True}],
    ],
)
def test_an_annotation_that_no_reviewer_rejected_last_is_a_decision(reviews: Any) -> None:
    review = read_review(
        json.dumps([{**_task("a"), "annotations": [_annotation(CHOICE, reviews=reviews)]}])
    )

    assert (len(review.decided), review.errors, review.rejected) == (1, [], ())


@pytest.mark.parametrize("reviews", [[7], {"accepted": False}, "no", [{"accepted": "no"}]])
def test_reviews_that_are_not_understood_are_a_fault_of_the_entry(reviews: Any) -> None:
    tasks = [
        {**_task("a"), "annotations": [_annotation(CHOICE, reviews=reviews)]},
        {**_task("b"), "annotations": [_annotation(CHOICE)]},
    ]

    review = read_review(json.dumps(tasks))

    assert [(each.entry, "accepted" in each.reason) for each in review.errors] == [(1, True)]
    assert list(review.decided) == [2]


@pytest.mark.parametrize("note", ["[1]", "[see above]", "{1}", '{"a": 1}'])
def test_a_note_that_resembles_json_stays_as_it_is(note: str) -> None:
    entry = {"log_id": ID, "intent": "reminder", "notes": note, "annotation_id": 3}

    (decided,) = read_review(json.dumps([entry])).decided.values()

    assert decided.notes == note


def test_deeply_nested_values_are_a_fault_of_their_entry() -> None:
    nested: Any = "reminder"
    for _ in range(900):
        nested = [nested]
    entry = {"log_id": ID, "intent": nested, "annotation_id": 3}

    (error,) = read_review(json.dumps([entry])).errors

    assert "neither a text nor a list of texts" in error.reason


@pytest.mark.parametrize("notes", ["said twice", ["said", "twice"], [], ""])
def test_notes_are_a_text_or_a_list_of_texts(notes: Any) -> None:
    value = {"from_name": "notes", "type": "textarea", "value": {"text": notes}}
    annotation = _annotation(CHOICE)
    annotation["result"].append(value)

    review = read_review(json.dumps([{**_task("p"), "annotations": [annotation]}]))

    (decided,) = review.decided.values()
    assert (decided.notes or "").split() == (notes.split() if isinstance(notes, str) else notes)


@pytest.mark.parametrize(
    "control",
    [
        *("corrected_secondary_intents", "secondary_intents", "Secondary", "secondary"),
        *("corrected_intent", "Intent", "intent"),
    ],
)
@pytest.mark.parametrize("value", [{"text": ["email"]}, {"rating": 3}])
def test_a_control_named_like_an_intent_without_choices_is_a_fault(
    control: str, value: dict[str, Any]
) -> None:
    annotation = _annotation(("intent", "choices", ["reminder"]))
    kind = "textarea" if "text" in value else "rating"
    annotation["result"].append({"from_name": control, "type": kind, "value": value})

    problem = _problem(json.dumps([{**_task("move it"), "annotations": [annotation]}]))

    assert f"the control {control} is not" in problem
    assert "the type Choices" in problem
