"""Projects of CLU and LUIS: the test set, patterns, and what is no project."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.data.examples import Example, InvalidExamples
from training.data.formats import read_as, write_as
from training.data.reading import read_examples, read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource


def _utterance(text: Any, intent: Any = "Book", **fields: Any) -> dict[str, Any]:
    return {"text": text, "intent": intent, **fields}


def _clu(*utterances: Any) -> dict[str, Any]:
    assets = {"projectKind": "Conversation", "intents": [], "utterances": list(utterances)}
    return {"projectFileVersion": "2023-04-01", "assets": assets}


def _luis(*utterances: Any) -> dict[str, Any]:
    intents = [{"name": "Book"}] * len(utterances)
    app = {"luis_schema_version": "7.0.0", "name": "Flights", "intents": intents}
    return {**app, "utterances": list(utterances)}


def _read(tmp_path: Path, content: Any, remarks: Remarks | None = None) -> list[Example]:
    file = tmp_path / "project.json"
    file.write_text(json.dumps(content, indent=1))
    return read_as("clu", file, remarks)


@pytest.mark.parametrize("file_format", ["clu", "luis"])
def test_either_name_of_the_format_reads_both(tmp_path: Path, file_format: str) -> None:
    for content in (_clu(_utterance("book it")), {"utterances": [_utterance("book it")]}):
        file = tmp_path / "project.json"
        file.write_text(json.dumps(content), "utf-8-sig")

        assert read_as(file_format, file) == [Example(text="book it", label="Book")]


def test_the_test_set_keeps_its_split(tmp_path: Path) -> None:
    content = _clu(
        _utterance("a", dataset="Train"),
        _utterance("b", dataset="Test", language="fr"),
        _utterance("c", dataset="test "),
        _utterance("d", dataset=""),
        _utterance("e"),
    )

    examples = _read(tmp_path, content)

    assert [(example.text, example.split) for example in examples] == [
        ("a", "train"), ("b", "test"), ("c", "test"), ("d", "train"), ("e", "train"),
    ]  # fmt: skip
    write_as("clu", tmp_path / "again.json", examples)
    assert read_as("clu", tmp_path / "again.json") == examples


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"split": "test"}, "split is no field of an utterance.*Rename the field intent to label"),
        ({"secondary": ["Cancel"]}, "secondary is no field"),
        ({"corrected": True}, "corrected is no field"),
        ({"answer": "reject"}, "answer is no field"),
        ({"partition": "test"}, "partition is not known. If it is split, rename it"),
        ({"Split": "test"}, "Split is not known. If it is split, rename it"),
        ({"splits": "test"}, "splits is not known. If it is split, rename it"),
        ({"Secondary": ["Cancel"]}, "Secondary is not known. If it is secondary, rename it"),
        ({"secondaryIntents": ["Cancel"]}, "secondaryIntents is not known. If it is secondary"),
        (
            {"corrected_secondary_intents": ["Cancel"]},
            "corrected_secondary_intents is not known. If it is secondary",
        ),
        ({"intents": ["Book", "Cancel"]}, "intents is not known. If it is secondary"),
    ],
)
def test_lists_of_other_programs_lose_no_field(
    tmp_path: Path, fields: dict[str, Any], problem: str
) -> None:
    """They would train on their test set, or on labels that annotators refused."""
    file = tmp_path / "texts.json"
    file.write_text(json.dumps([_utterance("a"), _utterance("b", **fields)]))

    with pytest.raises(InvalidExamples, match=f"utterance 2: {problem}"):
        read_examples([file])


def test_fields_of_other_programs_that_say_nothing_do_not_matter(tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "split": None,
        "secondary": [],
        "secondary_intents": [],
        "corrected": False,
        "answer": "accept",
        "id": 7,
    }

    assert [each.text for each in _read(tmp_path, [_utterance("a", **fields)])] == ["a"]


@pytest.mark.parametrize(
    "fields",
    [
        {"slots": {"status": "draft"}},
        {"entities": [{"entity": "order", "status": "rejected"}]},
        {"traits": {"answer": "skip"}},
    ],
)
def test_fields_that_describe_no_annotation_do_not_matter(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    assert [each.text for each in _read(tmp_path, [_utterance("a", **fields)])] == ["a"]


@pytest.mark.parametrize("project", [_clu, _luis])
def test_the_fields_of_a_project_refuse_no_label(tmp_path: Path, project: Any) -> None:
    """Azure has no labels that annotators refused."""
    entity = {"category": "order", "offset": 0, "length": 1, "status": "rejected"}
    content = project(_utterance("a", entities=[entity], metadata={"status": "draft"}))
    content["metadata"] = {"projectKind": "Conversation", "status": "draft"}

    assert [each.text for each in _read(tmp_path, content)] == ["a"]


def test_utterances_have_no_split_where_there_is_no_test_set(tmp_path: Path) -> None:
    """CLU splits such a project itself, so all of it may be measured on."""
    content = _clu(_utterance("a", dataset="Train"), _utterance("b"), _utterance("c", dataset=""))

    assert [example.split for example in _read(tmp_path, content)] == [None, None, None]


def test_patterns_entities_and_empty_utterances_are_left_out_and_named(tmp_path: Path) -> None:
    remarks = Remarks()
    content = {
        "luis_schema_version": "7.0.0",
        "patterns": [{"pattern": "put {thing} away[ please]", "intent": "Add"}] * 2,
        "utterances": [
            _utterance("put it away", entities=[{"entity": "thing"}, {"entity": "place"}]),
            _utterance(""),
            _utterance(" \n "),
        ],
    }

    assert [example.text for example in _read(tmp_path, content, remarks)] == ["put it away"]
    assert [line.removeprefix(f"{tmp_path}/project.json: ") for line in remarks] == [
        "2 left out: entity annotations (utterance 1).",
        "2 left out: texts that are empty (utterances 2 and 3).",
        "2 left out: patterns (patterns 1 and 2).",
    ]


@pytest.mark.parametrize("file_format", ["clu", "luis"])
@pytest.mark.parametrize(
    ("content", "split"),
    [
        ([_utterance("book it")], None),
        ([_utterance("book it", language="en-us", dataset="Train", entities=[])], None),
        ([_utterance("book it", dataset="Test")], "test"),
        ([{"text": "book it", "intentName": "Book", "entityLabels": []}], None),
        ({"LabeledTestSetUtterances": [_utterance("book it", entities=[])]}, "test"),
    ],
)
def test_utterance_lists_and_batch_tests_are_read(
    tmp_path: Path, file_format: str, content: Any, split: str | None
) -> None:
    """They are of CLU's studio, of LUIS's batch tests, and the fourth of LUIS's API."""
    file, book = tmp_path / "list.json", Example(text="book it", label="Book", split=split)
    for written in (json.dumps(content), json.dumps(content, indent=2)):
        file.write_text(written)

        assert read_as(file_format, file) == [book]
        assert read_examples([file]) == [book]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([_utterance("a"), {"label": "x"}], "utterance 2: text"),
        ("a", "is not a project"),
        ({"intents": []}, "no list of utterances"),
        ({"utterances": {}}, "no list of utterances"),
        ({"language": "en", "intents": {"a": {"utterances": []}}}, "dataset of Snips NLU"),
        ({"assets": {"projectKind": "Orchestration"}}, "of the kind Orchestration"),
        (
            {"metadata": {"projectKind": "CustomSingleLabelClassification"}, "assets": {}},
            "of the kind CustomSingleLabelClassification",
        ),
        (_clu(_utterance("a"), "b"), r"project\.json, utterance 2 is not a JSON object"),
        (_clu(_utterance(["a"])), "utterance 1: text"),
        (_clu(_utterance("a", None)), "utterance 1 has no label"),
        (_clu({"text": "a"}), "utterance 1 has no label"),
        (_luis(_utterance("a", None)), "utterance 1 has no label"),
        (_luis({"text": "a"}, _utterance("b")), "utterance 1 has no label"),
        (_luis("a", _utterance("b")), "utterance 1 is not a JSON object"),
        (_clu(_utterance("a", dataset=3)), "utterance 1: split"),
        (_clu(_utterance("a"), _utterance("b", "#N/A")), "utterance 2: the label #N/A"),
    ],
)
def test_what_is_no_project_is_rejected_with_the_reason(
    tmp_path: Path, content: Any, problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=problem):
        _read(tmp_path, content)


@pytest.mark.parametrize("name", ["category", "name"])
def test_intents_without_utterances_are_named(tmp_path: Path, name: str) -> None:
    remarks = Remarks()
    intents: list[Any] = [{name: each} for each in ("None", "Book", "Cancel", "Rate", ["x"])]
    project = {"intents": [*intents, "x"], "utterances": [_utterance("book it", "Book")]}

    for content in (project, {"assets": project}):
        assert len(_read(tmp_path, content, remarks)) == 1

    assert [line.partition("json: ")[2] for line in remarks] == [
        "4 left out: intents without utterances."
    ]


@pytest.mark.parametrize("file_format", ["clu", "luis"])
def test_texts_over_azures_limit_are_left_out_and_named(tmp_path: Path, file_format: str) -> None:
    remarks, file = Remarks(), tmp_path / "project.json"
    texts = ["x" * 500, "x" * 501, "\U0001f600" * 250, "\U0001f600" * 251]

    write_as(file_format, file, [Example(text=text, label="a") for text in texts], remarks)

    assert [each.text for each in read_as(file_format, file)] == [texts[0], texts[2]]
    (remark,) = remarks
    assert "2 left out: texts over 500 characters, the limit of Azure (examples 2 and 4)" in remark


def test_the_text_format_of_luis_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "app.lu").write_text("# Book\n- book it\n")

    with pytest.raises(InvalidExamples, match=r"app\.lu .*not valid JSON.*export the LUIS version"):
        read_as("luis", tmp_path / "app.lu")


@pytest.mark.parametrize(
    ("file_format", "texts", "reason"),
    [
        ("clu", ["a", "b"], "1 changed: other splits than train become the test set (example 2)"),
        ("luis", ["a"], "1 left out: texts of other splits than train, which LUIS lacks"),
    ],
)
def test_splits_that_a_format_lacks_are_named(
    tmp_path: Path, file_format: str, texts: list[str], reason: str
) -> None:
    remarks, file = Remarks(), tmp_path / "project.json"
    examples = [
        Example(text="a", label="x", split="train"), Example(text="b", label="x", split="gold"),
    ]  # fmt: skip

    write_as(file_format, file, examples, remarks)

    assert [example.text for example in read_as(file_format, file)] == texts
    assert reason in next(iter(remarks))


@pytest.mark.parametrize("name", ["query", "utterance", "sentence"])
def test_a_text_under_another_name_is_refused_with_the_right_one(tmp_path: Path, name: str) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps([{name: "hi", "intent": "greet"}]))

    with pytest.raises(InvalidExamples, match=f"utterance 1 has no text. Rename the field {name}"):
        read_examples([file])


@pytest.mark.parametrize("name", ["new_intent", "corrected_label", "Final Intent"])
def test_an_intent_that_a_correction_contradicts_is_rejected(tmp_path: Path, name: str) -> None:
    file = tmp_path / "data.json"
    utterances = [{"text": "hi", "intent": "greet", name: value} for value in ("greet", "bye")]
    file.write_text(json.dumps(utterances))

    with pytest.raises(InvalidExamples, match=f"utterance 2: intent and {name} differ"):
        read_examples([file])


def test_fields_of_another_programs_utterances_are_named(tmp_path: Path) -> None:
    remarks, file = Remarks(), tmp_path / "data.json"
    utterance = {"text": "hi", "intent": "greet", "language": "en", "entities": []}
    others = {"confidence": 0.2, "reviewer": "ann", "notes": None}
    file.write_text(json.dumps([utterance, utterance | others]))

    read_sources([DataSource(file)], remarks)

    assert list(remarks) == [f"{file}: 2 left out: fields that are not read: confidence, reviewer."]
