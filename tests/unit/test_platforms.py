"""Files of other platforms: each is named with a command that converts it, or read."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from training.data.examples import InvalidExamples
from training.data.reading import read_examples, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

PARTS = [{"text": "book a "}, {"text": "table", "alias": "x", "userDefined": True}]
ARGILLA = {"value": "greet", "user_id": "7", "status": "submitted"}
BOOK = [("book a table", "book")]
GREET = [("hi", "greet")]
COMMON_EXAMPLES = '{"common_examples": [{"text": "hi", "intent": "greet"}]}'
COMMAND = re.compile(r": (jq -c .* FILE > texts\.jsonl)\Z")

PROJECTS: list[tuple[Any, str, list[tuple[str, str]]]] = [
    ([{"id": "1", "data": PARTS, "isTemplate": False}], "Dialogflow ES", BOOK),
    ({"name": "book", "userSays": [{"data": PARTS}]}, "Dialogflow ES", BOOK),
    ({"name": "book", "userSays": [{"data": []}, {"data": PARTS}]}, "Dialogflow ES", BOOK),
    (
        {"displayName": "book", "trainingPhrases": [{"parts": PARTS}, {"parts": [{}]}]},
        "Dialogflow CX",
        BOOK,
    ),
    (
        {"displayName": "book", "trainingPhrases": [{"parts": PARTS, "repeatCount": 1}]},
        "Dialogflow CX",
        BOOK,
    ),
    ({"trainingPhrases": [{"parts": PARTS, "languageCode": "en"}]}, "Dialogflow CX", BOOK),
    (
        {"resource": {"intents": [{"name": "greet", "sampleUtterances": ["hi"]}]}},
        "Amazon Lex V1",
        GREET,
    ),
    ({"resource": {"name": "greet", "sampleUtterances": ["hi"]}}, "Amazon Lex V1", GREET),
    ({"name": "greet", "sampleUtterances": [{"utterance": "hi"}]}, "Amazon Lex V2", GREET),
    ({"intents": [{"intent": "greet", "examples": [{"text": "hi"}]}]}, "Watson Assistant", GREET),
    (
        {"workspace": {"intents": [{"intent": "greet", "examples": [{"text": "hi"}]}]}},
        "Watson Assistant",
        GREET,
    ),
    (
        {
            "interactionModel": {
                "languageModel": {
                    "intents": [{"name": "Stop"}, {"name": "greet", "samples": ["hi"]}]
                }
            }
        },
        "Alexa",
        GREET,
    ),
    ({"language": "en", "intents": {"book": {"utterances": [{"data": PARTS}]}}}, "Snips", BOOK),
    ({"book": [{"data": PARTS}]}, "Snips", BOOK),
    ({"dataset": {"train": [{"text": "hi", "label": "greet"}]}}, "for each split", GREET),
    ({"dataset": [{"utterance": "hi", "intent": "greet"}]}, "in its field dataset", GREET),
    (
        [
            {
                "dialogue_id": "1",
                "turns": [
                    {
                        "speaker": "USER",
                        "utterance": "hi",
                        "frames": [
                            {"state": {"active_intent": "greet"}},
                            {"state": {"active_intent": "NONE"}},
                        ],
                    },
                    {"speaker": "SYSTEM", "utterance": "Yes?", "frames": []},
                ],
            }
        ],
        "MultiWOZ 2.2",
        GREET,
    ),
    ([{"id": 1, "text": "hi", "annotations": [{"label": "greet"}]}], "annotations of an", GREET),
    ({"name": "greet", "utterances": {"en": ["hi"]}}, "Botpress", GREET),
    ([{"name": "greet", "utterances": {"en": ["hi"]}}], "Botpress", GREET),
    (
        {"intents": [{"displayName": "book", "trainingPhrases": [{"parts": PARTS}]}]},
        "Dialogflow CX",
        BOOK,
    ),
    (
        {
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [{"text": "greet"}]},
            ]
        },
        "conversations for fine-tuning",
        GREET,
    ),
    (
        {"version": {"platformData": {"intents": [{"name": "greet", "inputs": [{"text": "hi"}]}]}}},
        "Voiceflow",
        GREET,
    ),
    (
        {
            "messages": [
                {"role": "user", "content": [{"text": "h"}, {"image": {}}, {"text": "i"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "greet"}]},
            ]
        },
        "conversations for fine-tuning",
        GREET,
    ),
    (
        {"source": "hi", "job": 3, "job-metadata": {"class-name": "greet", "confidence": 0.9}},
        "SageMaker Ground Truth",
        GREET,
    ),
    ({"Item": {"text": {"S": "hi"}, "label": {"S": "greet"}, "n": {"NS": ["1"]}}}, "Dynamo", GREET),
    (
        {"Items": [{"text": {"S": "hi"}, "label": {"S": "greet"}}], "Count": 1},
        "DynamoDB",
        GREET,
    ),
    ({"_id": "1", "_source": {"text": "hi", "label": "greet"}}, "in an object of its own", GREET),
    ({"_id": "1", "_source": {"query": "hi", "intent": "greet"}}, "an object of its own", GREET),
    ({"intents": [{"tag": "greet", "patterns": ["hi"]}]}, "tags and patterns", GREET),
    ([{"path": "greet", "phrases": [{"text": "hi"}]}], "JAICP", GREET),
    ({"book": [[{"value": "book a "}, {"value": "table"}]]}, "Chatito", BOOK),
    (
        [{"paragraphs": [{"raw": "hi", "cats": [{"label": "greet", "value": 1.0}]}]}],
        "spaCy 2",
        GREET,
    ),
    ([["hi", {"cats": {"greet": 1, "bye": 0}}]], "spaCy", GREET),
    (
        [
            {
                "fields": {"text": "hi"},
                "responses": {"intent": [{"value": "greet", "status": "submitted"}]},
            }
        ],
        "Argilla",
        GREET,
    ),
    (
        [{"fields": {"my prompt": "hi"}, "responses": {"intent": [ARGILLA]}, "suggestions": {}}],
        "Argilla",
        GREET,
    ),
    (
        [
            {
                "fields": {"text": "hi"},
                "responses": [{"values": {"intent": {"value": "greet"}}, "status": "submitted"}],
            }
        ],
        "Argilla",
        GREET,
    ),
    (
        [
            {"fields": {"text": "new"}, "responses": {}},
            {
                "fields": {"text": "hi"},
                "responses": {
                    "urgency": [{"value": "high", "user_id": "7"}],
                    "intent": [{"value": "greet", "user_id": "7"}],
                },
            },
        ],
        "Argilla",
        GREET,
    ),
    (
        [
            {
                "fields": {"text": "hi"},
                "responses": [
                    {
                        "values": {"urgency": {"value": "high"}, "intent": {"value": "greet"}},
                        "status": "submitted",
                    },
                    {"values": None, "status": "discarded"},
                ],
            }
        ],
        "Argilla",
        GREET,
    ),
    (
        [
            {
                "fields": {"text": "hi"},
                "responses": {
                    "score": [{"value": 3, "user_id": "7"}],
                    "what": [{"value": "greet", "user_id": "7"}],
                    "why": [{"value": "a greeting", "user_id": "7"}],
                },
            }
        ],
        "Argilla.*the answers to the question what",
        GREET,
    ),
    (
        [{"instruction": "Classify the message.", "input": "hi", "output": "greet"}],
        "instructions",
        GREET,
    ),
    ([{"instruction": "hi", "input": "", "output": "greet"}], "instructions", GREET),
    ({"greet": [{"text": "hi"}]}, "a list of texts for each label", GREET),
    ([{"id": 7, "tag": "", "title": "greet", "texts": ["hi"]}], "a list of intents", GREET),
    ({"greet": {"examples": [{"text": "hi"}]}}, "the texts of each intent", GREET),
    ({"train": [{"text": "hi", "intent": "greet"}]}, "a list for each split", GREET),
    (
        {"examples": [{"content": "hi", "classifications": [{"classname": "greet"}]}]},
        "LightTag",
        GREET,
    ),
    (
        {"data": [{"text": "hi", "entities": [{"entity": "intent", "value": '"greet"'}]}]},
        r"Wit\.ai",
        GREET,
    ),
    (
        {
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": "greet"},
            ]
        },
        "fine-tuning",
        GREET,
    ),
    (
        {"textContent": "hi", "classificationAnnotation": {"displayName": "greet"}},
        "Vertex AI",
        GREET,
    ),
    ({"text": {"0": "hi"}, "label": {"0": "greet"}}, "table by columns", GREET),
    ({"text": ["hi"], "label": ["greet"]}, "table by columns", GREET),
    ({"columns": ["label", "text"], "data": [["greet", "hi"]]}, "names of the columns", GREET),
    ({"rows": [{"row_idx": 0, "row": {"text": "hi", "label": "greet"}}]}, "Hugging Face", GREET),
    ([["hi", "greet"]], "list of pairs", GREET),
    ({"data": [{"id": "1", "data": PARTS, "isTemplate": False}]}, "Dialogflow ES", BOOK),
    ({"train": [["hi", "greet"]]}, "CLINC150", GREET),
    ({"train": [{"text": "hi", "label": "greet"}]}, "list for each split", GREET),
    ({"version": 1, "data": [{"text": "hi", "label": "greet"}]}, "field data", GREET),
    *(
        ({name: [{"text": "hi", "label": "greet"}]}, f"field {name}", GREET)
        for name in ("data", "examples", "items", "utterances", "results", "records")
    ),
    ({"mine": [{"text": "hi", "label": "greet"}]}, "lists of texts", GREET),
    ({"data": [["hi", "greet"]]}, "lists of pairs", GREET),
    *(
        ([{name: "greet", texts: ["hi"]}], "list of intents with their texts", GREET)
        for name, texts in (
            *(("intent", "examples"), ("intent", "utterances"), ("intent", "phrases")),
            *(("name", "examples"), ("tag", "texts"), ("label", "utterances")),
        )
    ),
    ([{"intent": "greet", "examples": [{"text": "hi"}]}], "intents with their texts", GREET),
    ({"intents": [{"intent": "greet", "examples": ["hi"]}]}, "Watson", GREET),
    ({"intents": [{"intent": "greet", "utterances": ["hi"]}]}, "intents with their texts", GREET),
    ({"intents": [{"name": "greet", "utterances": ["hi"]}]}, "intents with their texts", GREET),
    ({"intents": {"greet": {"examples": ["hi"]}}}, "object of intents with their texts", GREET),
    ({"intents": {"greet": {"utterances": ["hi"]}}}, "object of intents with their texts", GREET),
    ({"intents": {"greet": ["hi"]}}, "object of intents with their texts", GREET),
    ({"greet": ["hi"]}, "list of texts for each label", GREET),
    ({"hi": "greet"}, "if each field is a text and its label", GREET),
    ({"greet": "hi there"}, "if each field is a text", [("hi there", "greet")]),
    ({"texts": ["hi"], "labels": ["greet"]}, "table by columns", GREET),
    ({"X": ["hi"], "y": ["greet"]}, "table by columns", GREET),
    ({"utterance": ["hi"], "intent": ["greet"]}, "table by columns", GREET),
    ({"text": ["hi"], "domains": ["chat"], "intents": ["greet"]}, "table by columns", GREET),
    ({"queries": {"0": "hi"}, "categories": {"0": "greet"}}, "table by columns", GREET),
    ({"0": {"text": "hi", "label": "greet"}}, "pandas: index", GREET),
    ({"0": {"text": "hi", "intent": "greet"}}, "pandas: index", GREET),
    ([["label", "text"], ["greet", "hi"]], "first names the columns", GREET),
    ([["hi", "greet", 1]], "rows without the names of the columns", GREET),
    ({"nlu": [{"text": "hi", "intent": "greet"}]}, "lists of texts", GREET),
    ({"data": [{"text": "hi", "category": "greet"}]}, "field data", GREET),
    ({"train": [["hi", ["greet"]]], "valid": []}, "CLINC150", GREET),
    ({"intent": "greet", "examples": ["hi"]}, "an intent with its texts", GREET),
    ({"greet": {"examples": ["hi"]}}, "the texts of each intent", GREET),
    *(
        ({"name": "bot", name: [{"intent": "greet", "utterances": ["hi"]}]}, f"field {name}", GREET)
        for name in ("data", "nlu", "corpus")
    ),
    ([{"name": "greet", "exampleSentences": ["hi"]}], "intents with their texts", GREET),
    ({"intents": [{"intentName": "greet", "sentences": [{"text": "hi"}]}]}, "intents", GREET),
    ([{"displayName": "book", "trainingPhrases": [{"parts": PARTS}]}], "Dialogflow CX", BOOK),
    (
        {
            "intentBatchInline": {
                "intents": [{"displayName": "book", "trainingPhrases": [{"parts": PARTS}]}]
            }
        },
        "Dialogflow CX",
        BOOK,
    ),
    *(
        (project, "QnA Maker", [("hi", "answer_7")])
        for project in (
            {"qnaList": [{"id": 7, "answer": "hello", "questions": ["hi"]}]},
            {"qnaDocuments": [{"id": 7, "answer": "hello", "questions": ["hi"]}]},
            {"assets": {"qnas": [{"id": 7, "answer": "hello", "questions": ["hi"]}]}},
        )
    ),
    (
        {"qnas": [{"id": "greet", "data": {"questions": {"en": ["hi"]}}}]},
        "questions of Botpress",
        GREET,
    ),
    (
        {"language": "en", "intents": {"greet": {"data": [{"sentences": ["hi"]}]}}},
        "Home Assistant",
        GREET,
    ),
    (
        [
            {
                "conversations": [
                    {"from": "human", "value": "hi"},
                    {"from": "gpt", "value": "greet"},
                ]
            }
        ],
        "conversations for fine-tuning",
        GREET,
    ),
]

LINES: list[tuple[list[Any], str]] = [
    ([["hi", "greet"], ["so", "bye"]], "a list of pairs"),
    ([["hi", {"cats": {"greet": 1.0}}], ["so", {"cats": {"bye": 1.0}}]], "spaCy"),
    ([{"hi": "greet"}, {"so": "bye"}], "a text and its label"),
    ([{"greet": ["hi"]}, {"bye": ["so"]}], "texts for each label"),
    ([{"intent": "greet", "examples": ["hi"]}, {"intent": "bye", "examples": ["so"]}], "an intent"),
    (
        [
            {"id": 1, "text": "hi", "annotations": [{"label": "greet", "user": 1}], "meta": {}},
            {"id": 2, "text": "so", "annotations": [{"label": "bye", "user": 2}], "meta": {}},
        ],
        "with annotations of another tool",
    ),
    (
        [
            {"instruction": "Classify it.", "input": "hi", "output": "greet"},
            {"instruction": "so", "input": None, "output": "bye"},
        ],
        "instructions",
    ),
    (
        [
            {"fields": {"text": "hi"}, "responses": {"intent": [ARGILLA]}},
            {
                "fields": {"text": "so"},
                "responses": {"intent": [{"value": "bye", "status": "submitted"}]},
            },
        ],
        "Argilla",
    ),
]
"""What is on each line of a file, and what it is."""


@pytest.mark.parametrize(("project", "description", "expected"), PROJECTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_of_another_platform_is_named_with_the_command_that_converts_it(
    tmp_path: Path,
    project: Any,
    description: str,
    expected: list[tuple[str, str]],
    indent: int | None,
) -> None:
    file = tmp_path / "project.json"
    file.write_text(json.dumps(project, indent=indent))

    with pytest.raises(InvalidExamples, match=rf"project\.json cannot be read: It .*{description}"):
        read_examples([file])


LABELS_FIRST = [["greet", "hi there"], ["bye", "so long"], ["greet", "good day"]]


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "content",
    [
        json.dumps(LABELS_FIRST),
        json.dumps({"data": LABELS_FIRST}),
        json.dumps({"train": LABELS_FIRST}),
        "".join(f"{json.dumps(pair)}\n" for pair in LABELS_FIRST),
        json.dumps([[label, text.replace(" ", "_")] for label, text in LABELS_FIRST]),
        json.dumps([[text, label] for label, text in LABELS_FIRST]),
        json.dumps([[text.replace(" ", "_"), label] for label, text in LABELS_FIRST]),
        json.dumps({"train": [[text, label] for label, text in LABELS_FIRST]}),
    ],
)
def test_the_side_of_pairs_with_names_that_repeat_is_the_label(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "pairs.json"
    file.write_text(content)
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])

    found = read_examples([_run_command(error.value, file)])

    assert [[each.label, each.text.replace("_", " ")] for each in found] == LABELS_FIRST
    is_first = content.find("greet") < content.find("hi")
    assert ("the label is the first of each pair" in str(error.value)) is is_first


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_pairs_of_a_word_and_a_label_with_a_space_stay_as_they_are(tmp_path: Path) -> None:
    pairs = [["hi", "greet the user"], ["hello", "greet the user"], ["stop", "stop it"]]
    found = read_examples([_convert(tmp_path, pairs)])

    assert [[each.text, each.label] for each in found] == pairs


def _run_command(refusal: InvalidExamples, file: Path) -> Path:
    """Run the command that a refusal names for a file, and return what it writes."""
    command = COMMAND.search(str(refusal))
    assert command, refusal
    shell = command[1].replace("FILE", file.name).replace("NAME", "book")
    subprocess.run(["bash", "-ec", shell], cwd=file.parent, check=True)
    return file.parent / "texts.jsonl"


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(("project", "description", "expected"), PROJECTS)
def test_the_command_that_a_refusal_names_converts_the_file(
    tmp_path: Path, project: Any, description: str, expected: list[tuple[str, str]]
) -> None:
    file = tmp_path / "project.json"
    file.write_text(json.dumps(project, indent=2))
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])
    found = read_examples([_run_command(error.value, file)])
    assert [(each.text, each.label) for each in found] == expected
    assert all(each.is_for_training for each in found)


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "project",
    [
        {"data": {"0": {"text": "hi", "label": "greet"}}},
        {"data": {"0": {"utterance": "hi", "intent": "greet"}}},
        {"0": {"fields": {"text": "hi"}, "responses": {"intent": [ARGILLA]}}},
        {"bye": [], "greet": [{"text": "hi", "label": "greet"}]},
    ],
)
@pytest.mark.parametrize("suffix", ["json", "yml"])
def test_an_object_with_numbers_for_names_is_converted_as_a_list_is(
    tmp_path: Path, project: Any, suffix: str
) -> None:
    file = tmp_path / f"project.{suffix}"
    file.write_text(json.dumps(project, indent=2))
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])
    shell = str(error.value)[str(error.value).index("jq -c ") :].replace("FILE", "project.json")
    (tmp_path / "project.json").write_text(json.dumps(project))
    shell = re.sub(r"' > texts", "' project.json > texts", shell)

    subprocess.run(["bash", "-ec", shell], cwd=tmp_path, check=True)

    found = read_examples([tmp_path / "texts.jsonl"])
    assert [(each.text, each.label) for each in found] == GREET


TESTED = [
    {"text": "hi", "label": "greet", "split": "train"},
    {"text": "so", "label": "bye", "split": "test"},
]
"""Texts that a command must not turn into training data where their split says otherwise."""

CHAT = [
    [{"role": "user", "content": row["text"]}, {"role": "assistant", "content": row["label"]}]
    for row in TESTED
]
ML_USE = "aiplatform.googleapis.com/ml_use"


def _rename(row: Mapping[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in row.items()}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "lines",
    [
        [{name: [row[name] for row in TESTED] for name in TESTED[0]}],
        [{name: {str(i): row[name] for i, row in enumerate(TESTED)} for name in TESTED[0]}],
        [
            {
                "train": {"text": ["hi"], "label": ["greet"]},
                "test": {"text": ["so"], "label": ["bye"]},
            }
        ],
        [{row["split"]: {"texts": [row["text"]], "labels": [row["label"]]} for row in TESTED}],
        [{row["split"]: {"sentences": [row["text"]], "intents": [row["label"]]} for row in TESTED}],
        [{row["split"]: {"examples": [_rename(row, label="intent")]} for row in TESTED}],
        [{row["split"]: {"examples": [_rename(row, label="target")]} for row in TESTED}],
        [{"data": [_rename(row, text="utt", label="intent") for row in TESTED]}],
        [{"data": [_rename(row, text="utt", label="Intent Name") for row in TESTED]}],
        [[_rename(row, text="instruction", label="output") | {"input": ""} for row in TESTED]],
        [_rename(row, text="instruction", label="output") | {"input": ""} for row in TESTED],
        [{"messages": chat, "split": row["split"]} for chat, row in zip(CHAT, TESTED, strict=True)],
        [
            [
                {
                    "conversations": [
                        {"from": "human", "value": row["text"]},
                        {"from": "gpt", "value": row["label"]},
                    ],
                    "split": row["split"],
                }
                for row in TESTED
            ]
        ],
        [
            {
                "textContent": row["text"],
                "classificationAnnotation": {"displayName": row["label"]},
                "dataItemResourceLabels": {ML_USE: row["split"]},
            }
            for row in TESTED
        ],
        [
            {
                "intents": [
                    {
                        "name": row["label"],
                        "examples": [{"text": row["text"], "split": row["split"]}],
                    }
                    for row in TESTED
                ]
            }
        ],
        [{row["label"]: [{"text": row["text"], "split": row["split"]}] for row in TESTED}],
    ],
)
def test_no_command_loses_the_split_of_a_text(tmp_path: Path, lines: list[Any]) -> None:
    found = read_examples([_convert(tmp_path, lines)])

    assert [(each.text, each.label) for each in found] == [("hi", "greet"), ("so", "bye")]
    assert [each.is_for_training for each in found] == [True, False]


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "value",
    [
        {"data": [{"utt": "hi", "intent": "greet", "partition": "test"}]},
        {"text": ["hi", "so"], "label": ["greet", "bye"], "partition": ["train", "test"]},
        [
            {
                "fields": {"text": "hi"},
                "responses": {"intent": [ARGILLA]},
                "metadata": {"split": "test"},
            }
        ],
        {
            "name": "corpus",
            "sentences": [
                {"text": "hi", "intent": "greet", "training": True},
                {"text": "so", "intent": "bye", "training": False},
            ],
        },
    ],
)
def test_a_split_under_another_name_is_named_after_the_command(tmp_path: Path, value: Any) -> None:
    texts = _convert(tmp_path, [value])

    with pytest.raises(InvalidExamples, match="split"):
        read_examples([texts])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "value",
    [
        {"name": "corpus", "sentences": [{"text": "hi", "intent": "greet"}]},
        {"name": "corpus", "texts": ["hi"], "labels": ["greet"]},
        [{"name": "corpus", "examples": [{"text": "hi", "label": "greet"}]}],
        {"corpus": {"examples": [{"text": "hi", "intent": "greet"}]}},
        {"intents": [{"intent": "greet", "utterances": [{"text": "hi", "category": "chat"}]}]},
        {"intent": "greet", "examples": ["hi"], "responses": ["Hello!"]},
        {"text": ["hi"], "responses": ["Hello!"], "class": ["greet"]},
        {"text": ["hi"], "classes": ["greet"], "responses": ["Hello!"]},
    ],
)
def test_no_command_takes_another_name_for_the_intent(tmp_path: Path, value: Any) -> None:
    found = read_examples([_convert(tmp_path, [value])])

    assert [(each.text, each.label) for each in found] == GREET


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "value",
    [
        [{"name": "greet", "examples": ["hi"]}, {"name": "bye", "utterances": ["so"]}],
        {"intents": [{"name": "greet", "samples": ["hi"]}, {"name": "bye", "phrases": ["so"]}]},
        {"intents": {"greet": {"examples": ["hi"]}, "bye": {"utterances": ["so"]}}},
        {"greet": {"examples": ["hi"]}, "bye": {"utterances": ["so"]}},
    ],
)
def test_no_command_leaves_out_texts_in_other_fields(tmp_path: Path, value: Any) -> None:
    found = read_examples([_convert(tmp_path, [value])])

    assert [(each.text, each.label) for each in found] == [("hi", "greet"), ("so", "bye")]


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "value",
    [
        {"intents": [{"tag": "greet", "patterns": ["hi"]}, {"tag": "bye", "patterns": "so"}]},
        [{"intent": "greet", "examples": ["hi"]}, {"intent": "bye", "examples": "so"}],
        {
            "resource": {
                "intents": [
                    {"name": "greet", "sampleUtterances": ["hi"]},
                    {"name": "bye", "sampleUtterances": "so"},
                ]
            }
        },
    ],
)
def test_a_command_fails_where_texts_are_no_list(tmp_path: Path, value: Any) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        _convert(tmp_path, [value])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_labels_of_all_annotators_are_converted(tmp_path: Path) -> None:
    annotations = [{"label": "greet", "user": 1}, {"label": "bye", "user": 2}]

    found = read_examples([_convert(tmp_path, [[{"text": "hi", "annotations": annotations}]])])

    assert [(each.text, each.label) for each in found] == [("hi", "greet"), ("hi", "bye")]


@pytest.mark.parametrize(
    "value",
    [
        {"text": {"0": "hi", "1": "so"}, "label": {"1": "bye", "0": "greet"}},
        [{"text": "hi", "annotations": [{"label": "city", "start_offset": 0, "end_offset": 2}]}],
        {"value": ["hi there", "so long"], "label": ["greet", "bye"]},
        {"utt": ["hi there", "so long"], "name": ["greet", "bye"]},
        {"value": ["hi there", "so long"], "topic": ["greet", "bye"]},
        {"query": ["hi there", "so long"], "name": ["greet", "bye"], "responses": ["Hi", "Bye"]},
        {"line": ["hi there", "so long"], "name": ["greet", "bye"], "split": ["train", "test"]},
        {"train": ["hi there"], "test": ["so long"]},
        {"train": {"examples": ["hi there"]}, "test": {"examples": ["so long"]}},
        [{"tag": "greet", "data": [{"text": "hi"}, {"text": "hello"}]}],
    ],
)
def test_no_command_makes_labels_of_other_rows_or_of_words(tmp_path: Path, value: Any) -> None:
    (tmp_path / "data.json").write_text(json.dumps(value))

    with pytest.raises(InvalidExamples, match=r"^(?!.*jq)"):
        read_examples([tmp_path / "data.json"])


@pytest.mark.parametrize("name", ["data.json", "data.jsonl"])
def test_objects_with_different_fields_are_no_columns(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"input": {"text": "hi"}, "output": {"intent": "greet"}}\n')

    with pytest.raises(InvalidExamples, match=r"^(?!.*by columns).*has no text"):
        read_examples([tmp_path / name])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_what_a_command_writes_is_not_refused_with_the_same_command(tmp_path: Path) -> None:
    content = {"type": "text", "value": "hi"}
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "greet"}]
    texts = _convert(tmp_path, [{"messages": messages}])

    with pytest.raises(InvalidExamples, match="text: it is not a text"):
        read_examples([texts])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "texts",
    [
        {"data": {"text": "hi", "label": "greet"}},
        {"examples": [{"text": "hi", "label": "greet"}]},
        {"rows": [{"utterance": "hi", "intent": "greet"}]},
        {"intent": "greet", "examples": ["hi"]},
        {"intent": "greet", "utterances": [{"text": "hi"}]},
    ],
)
def test_the_command_keeps_what_an_object_says_about_its_texts(
    tmp_path: Path, texts: Mapping[str, Any]
) -> None:
    beside = [("train", "accepted"), ("test", "accepted"), ("train", "rejected")]
    lines = [{"split": split, "status": status, **texts} for split, status in beside]

    kept = read_examples([_convert(tmp_path, lines)])

    assert [each.split for each in kept] == ["train", "test"]


def _convert(folder: Path, lines: list[Any]) -> Path:
    """Return the file that the command of a refusal writes for a file of these lines."""
    file = folder / ("data.json" if len(lines) == 1 else "data.jsonl")
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])
    return _run_command(error.value, file)


EMPTY: list[tuple[str, Mapping[str, Any]]] = [
    ("trainingPhrases", {"displayName": "greet", "trainingPhrases": [{"parts": [{"text": "hi"}]}]}),
    ("sampleUtterances", {"name": "greet", "sampleUtterances": ["hi"]}),
    ("examples", {"intent": "greet", "examples": [{"text": "hi"}]}),
    ("patterns", {"tag": "greet", "patterns": ["hi"]}),
    ("phrases", {"path": "greet", "phrases": [{"text": "hi"}]}),
    ("utterances", {"name": "greet", "utterances": {"en": ["hi"]}}),
    ("utterances", {"name": "greet", "utterances": ["hi"]}),
]
"""The field with the texts of an intent, and an intent."""


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    ("field", "intent", "form"),
    [
        *((*each, form) for each in EMPTY for form in ("[{0}]", '{{"data": [{0}]}}')),
        *((*each, '{{"intents": [{0}]}}') for each in (*EMPTY[:4], EMPTY[-1])),
    ],
)
@pytest.mark.parametrize("is_missing", [True, False])
def test_intents_without_texts_do_not_hide_those_of_others(
    tmp_path: Path, field: str, intent: Mapping[str, Any], form: str, is_missing: bool
) -> None:
    empty = {name: value for name, value in intent.items() if name != field} | {"priority": 1}
    if not is_missing:
        empty[field] = type(intent[field])()
    file = tmp_path / "intents.json"
    file.write_text(form.format(", ".join(map(json.dumps, [empty, intent, empty]))))
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])
    found = read_examples([_run_command(error.value, file)])
    assert [(each.text, each.label) for each in found] == GREET


@pytest.mark.parametrize("form", ["{0}", "[{0}]", '{{"intents": [{0}]}}', "{0}\n{0}"])
def test_an_intent_without_a_name_is_known_as_one(tmp_path: Path, form: str) -> None:
    file = tmp_path / "intents.json"
    file.write_text(form.format('{"intent": "", "examples": ["hi"]}'))

    with pytest.raises(InvalidExamples, match=r"It is (an intent|a list of intents|a skill)"):
        read_examples([file])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(("lines", "description"), LINES)
def test_lines_of_another_form_are_named_with_the_command_that_converts_them(
    tmp_path: Path, lines: list[Any], description: str
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(InvalidExamples, match=description) as error:
        read_examples([file])
    found = read_examples([_run_command(error.value, file)])
    assert [(each.text, each.label) for each in found] == [("hi", "greet"), ("so", "bye")]


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    ("content", "description"),
    [
        ("type: intent\nname: greet\nutterances:\n- hi\n", "an intent with its texts"),
        ("---\ntype: intent\nname: greet\nutterances:\n- '[word](hi)'\n", "Snips NLU"),
        (
            "type: entity\nname: w\n---\ntype: intent\nname: greet\nutterances: ['[w:x/w](hi)']\n",
            "Snips NLU",
        ),
        ("greet:\n- hi\n", "list of texts for each label"),
        ("greet:\n  examples:\n  - hi\n", "the texts of each intent"),
        ("- intent: greet\n  examples:\n  - hi\n", "list of intents with their texts"),
        ("intents:\n- name: greet\n  examples:\n  - hi\n", "a list of intents"),
        ("intents:\n  greet:\n    data:\n    - sentences:\n      - hi\n", "Home Assistant"),
        ("- text: hi\n  label: greet\n", "list of texts in YAML"),
        ("- text: hi\n  intent: greet\n", "list of texts in YAML"),
        ("hi: greet\n", "a text and its label"),
        (f'{{"training_data": {{"rasa_nlu_data": {COMMON_EXAMPLES}}}}}', "Botfront"),
    ],
)
def test_yaml_of_another_tool_is_named_with_the_command_that_converts_it(
    tmp_path: Path, content: str, description: str
) -> None:
    file = tmp_path / "intents.yml"
    file.write_text(content)
    with pytest.raises(InvalidExamples, match=description) as error:
        read_examples([file])
    shell = str(error.value).partition(": python ")[2].replace("FILE", "intents.yml")

    subprocess.run(["bash", "-ec", f"{sys.executable} {shell}"], cwd=tmp_path, check=True)

    found = read_examples([tmp_path / "texts.jsonl"])
    assert [(each.text, each.label) for each in found] == GREET


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "content", ["yes:\n- of course\n- on\n- 1.0\n", "of course: 'yes'\non: 'yes'\n1.0: 'yes'\n"]
)
def test_scalars_of_yaml_are_converted_as_they_are_written(tmp_path: Path, content: str) -> None:
    file = tmp_path / "intents.yml"
    file.write_text(content)
    with pytest.raises(InvalidExamples) as error:
        read_examples([file])
    shell = str(error.value).partition(": python ")[2].replace("FILE", "intents.yml")

    subprocess.run(["bash", "-ec", f"{sys.executable} {shell}"], cwd=tmp_path, check=True)

    found = read_examples([tmp_path / "texts.jsonl"])
    assert [each.text for each in found] == ["of course", "on", "1.0"]
    assert {each.label for each in found} == {"yes"}


def test_yaml_with_numbers_for_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text("404: Not Found")

    with pytest.raises(InvalidExamples, match="an object whose fields are not known"):
        read_examples([tmp_path / "nlu.yml"])


@pytest.mark.parametrize(
    ("value", "description"),
    [
        ({"displayName": "greet", "priority": 500000}, "in the folder trainingPhrases beside it"),
        ({"language": "en", "defaultTimezone": "UTC"}, "in the folder intents"),
        ({"displayName": "a", "defaultLanguageCode": "en", "timeZone": "UTC"}, "folder intents"),
        ({"name": "city", "entries": [{"value": "B", "synonyms": ["B"]}]}, "no intents"),
        ({"name": "b", "dataPrivacy": {}, "idleSessionTTLInSeconds": 300}, "folder intents"),
        ({"texts": ["hi", "so"], "labels": ["greet"]}, "not as many texts as labels"),
    ],
)
def test_a_part_of_a_project_without_texts_is_named(
    tmp_path: Path, value: Any, description: str
) -> None:
    file = tmp_path / "part.json"
    file.write_text(json.dumps(value))

    with pytest.raises(InvalidExamples, match=rf"part\.json cannot be read: It .*{description}"):
        read_examples([file])


@pytest.mark.parametrize(
    ("name", "content", "description"),
    [
        ("data.toml", '[[examples]]\ntext = "hi"\n', "TOML"),
        ("sentences.ini", "[Greet]\nhi\n", "INI"),
        ("greet.intent", "hi\n", r"Mycroft\), which greet\.txt"),
        ("greet.chatito", "%[greet]\n    hi\n", "whose generator writes the texts"),
        ("data.arff", "@relation x\n", "ARFF"),
        ("data.py", "X = [('hi', 'greet')]\n", "a program of Python"),
    ],
)
def test_a_file_that_is_not_read_is_named_by_its_ending(
    tmp_path: Path, name: str, content: str, description: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidExamples, match=rf"It is .*{description}.*Write a line of JSON"):
        read_examples([tmp_path / name])


def test_an_intent_of_dialogflow_without_phrases_names_the_file_that_has_them(
    tmp_path: Path,
) -> None:
    file = tmp_path / "book.json"
    file.write_text(json.dumps({"name": "book", "auto": True, "responses": []}, indent=2))

    with pytest.raises(InvalidExamples, match=r"NAME_usersays_LANGUAGE\.json beside it\.\Z"):
        read_examples([file])


@pytest.mark.parametrize("name", ["data.json", "data.jsonl", "data.txt", "data"])
@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ('{\n "text": "hi",\n "label": "greet"\n}\n{\n "text": "so"\n}', "on one line: jq -c"),
        ('{\n "version": 2,\n "title": ["hi"]\n}', "object whose fields are not known"),
    ],
)
def test_json_on_several_lines_is_refused_with_what_it_is(
    tmp_path: Path, name: str, content: str, remedy: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidExamples, match=remedy):
        read_examples([tmp_path / name])


@pytest.mark.parametrize(
    ("field", "remedy"),
    [
        ('"text": "hi", "category": "greet"', "Rename the field category to label"),
        ('"text": "hi", "intentLabel": "greet"', "Rename the field intentLabel to label"),
        ('"text": "hi", "category": "chat", "Intent": "greet"', "Rename the field Intent to label"),
        ('"utt": "hi", "intent": "greet"', "no text. Rename the field utt to text"),
        ('"Query": "hi", "label": "greet"', "no text. Rename the field Query to text"),
        ('"data": {"text": "hi"}, "label": "greet"', "no text. Write one"),
        ('"instruction": "hi", "response": "greet"', "Rename the field instruction to text"),
        ('"inputs": "hi", "targets": "greet"', "Rename the field inputs to text"),
        ('"text": "hi", "response": "greet"', "Rename the field response to label"),
        ('"body": "hi", "queue": "greet"', "no text. Rename the field body to text"),
        ('"text": "hi", "queue": "greet"', "Rename the field queue to label"),
        ('"prompt": "hi", "completion": "greet"', "no text. Rename the field prompt to text"),
    ],
)
def test_fields_of_other_names_are_named_with_the_right_name(
    tmp_path: Path, field: str, remedy: str
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(f"{{{field}}}\n")

    with pytest.raises(InvalidExamples, match=remedy):
        read_examples([file])


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (("Text", "Label"), "Text is not known. If it is text, rename it"),
        (("TEXT", "LABEL"), "TEXT is not known. If it is text, rename it"),
        (("Utterance", "Intent"), "no text. Rename the field Utterance to text"),
        (("body", "queue"), "no text. Rename the field body to text"),
        (("title", "group"), "no text. Write one"),
    ],
)
@pytest.mark.parametrize("form", ["{0}\n{0}\n", "[{0}, {0}]"])
def test_lines_with_the_same_fields_are_rows(
    tmp_path: Path, names: tuple[str, str], remedy: str, form: str
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(form.format(json.dumps(dict(zip(names, ("hi there", "greet"), strict=True)))))

    with pytest.raises(InvalidExamples, match=remedy):
        read_examples([file])


@pytest.mark.parametrize("name", ["Text", "LABEL", "Id"])
def test_an_object_with_the_name_of_a_field_is_a_row(tmp_path: Path, name: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(json.dumps({name: "hi", "group": "greet"}))

    with pytest.raises(InvalidExamples, match=r"^(?!.*whose fields are not known)"):
        read_examples([file])


def test_lines_with_a_text_and_its_label_are_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"hi there": "greet"}\n{"so long": "bye"}\n')

    with pytest.raises(InvalidExamples, match="if each field is a text and its label"):
        read_examples([file])


@pytest.mark.parametrize(
    "field",
    ['"accept": ["greet"], "answer": "accept"', '"cats": {"bye": 0.2, "greet": 0.8, "x": null}'],
)
def test_the_choices_of_prodigy_and_the_scores_of_spacy_are_labels(
    tmp_path: Path, field: str
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(f'{{"text": "hi", {field}}}\n')

    assert [(each.text, each.label) for each in read_examples([file])] == GREET


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ('"accept": ["greet", "bye"]', "several labels"),
        ('"cats": {"bye": 1, "greet": 1}', "several labels"),
        ('"accept": [], "answer": "accept"', "line 1 has no label"),
        ('"cats": {"greet": 0.0}', "line 1 has no label"),
    ],
)
def test_several_choices_or_none_are_rejected(tmp_path: Path, field: str, problem: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(f'{{"text": "hi", {field}}}\n')

    with pytest.raises(InvalidExamples, match=problem):
        read_examples([file])


@pytest.mark.parametrize("name", ["data.txt", "data.train", "data.csv", "data"])
def test_a_file_of_fasttext_is_read_by_the_labels_in_its_lines(tmp_path: Path, name: str) -> None:
    file, remarks = tmp_path / name, Remarks()
    file.write_text("__label__greet hi  there\n\n__label__bye , so long\n")

    found = [(each.text, each.label) for each in read_examples([file])]
    texts = read_unlabelled([DataSource(file)], remarks)

    assert found == [("hi  there", "greet"), ("so long", "bye")]
    assert [each.example.text for each in texts] == ["hi  there", "so long"]


def test_no_label_of_fasttext_is_part_of_a_text(tmp_path: Path) -> None:
    file = tmp_path / "data.txt"
    file.write_text("__label__a hi __label__b  there __label__c\n__label__a my__label__b x\n")

    texts = read_unlabelled([DataSource(file)], Remarks())

    assert [each.example.text for each in texts] == ["hi there ", "my__label__b x"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("__label__greet hi\nso long\n", "line 2 has no label of fastText"),
        ("__label__greet __label__x hi\n", "line 1 has several labels"),
        ("__label__greet hi there __label__bye\n", "line 1 has several labels"),
        ("__label__greet hi __label__bye there\n", "line 1 has several labels"),
        ("__label__greet hi\t__label__greet\n", "line 1 has several labels"),
        ("__label__greet hi\nhi there __label__greet\n", "line 2 has no label of fastText"),
        ("__label__ hi\n", "line 1 has no label"),
        ("__label__greet,hi there\n", "line 1 has a comma in its label"),
        ("__label__greet, hi there\n", "line 1 has a comma in its label"),
        ("__intent__greet hi\n__intent__bye so\n", "another prefix than __label__"),
    ],
)
def test_a_faulty_line_of_fasttext_is_rejected(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "data.txt"
    file.write_text(content)

    with pytest.raises(InvalidExamples, match=problem):
        read_examples([file])


TASK = {"id": 1, "data": {"text": "hi"}, "annotations": [{"result": []}]}
LOG = [{"text": "hi", "metadata": {}}, {"text": "Which area?", "metadata": {}}]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"categories": ["a"], "conversations": [["Hello", "Hi"]]}, "ChatterBot.*Write a line"),
        ({"SNG01.json": {"goal": {}, "log": LOG}}, "MultiWOZ.*Write a line"),
        ([{"goal": {}, "log": LOG}], "MultiWOZ"),
        ({"name": "greet", "isEnum": False, "automatedExpansion": False}, "entity of Dialogflow"),
        ({"metaData": {"schemaVersion": "1.0", "fileFormat": "LexJson"}}, "Amazon Lex.*intents"),
        ({"name": "a", "lang": "en", "private": True, "timezone": "x"}, "Wit.ai.*utterances"),
        ({"name": "a", "roles": ["b"], "lookups": ["free-text"]}, "entity of Wit.ai"),
        ({"intents": [], "entities": [], "dialog_nodes": []}, "Watson Assistant without intents"),
        ({"$kind": "Microsoft.AdaptiveDialog"}, r"Composer.*\.lu"),
        (TASK, "tasks of Label Studio. Export the project as CSV"),
        ({"data": {"text": "hi"}}, "tasks of Label Studio"),
        ([{"data": {"text": "hi"}, "predictions": []}], "tasks of Label Studio"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_whose_texts_have_no_intents_is_named_with_what_to_read(
    tmp_path: Path, value: Any, kind: str, indent: int | None
) -> None:
    file = tmp_path / "project.json"
    file.write_text(json.dumps(value, indent=indent))

    with pytest.raises(InvalidExamples, match=kind):
        read_examples([file])


def test_a_corpus_of_chatterbot_in_yaml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "greetings.yml"
    file.write_text("categories:\n- greetings\nconversations:\n- - Hello\n  - Hi\n")

    with pytest.raises(InvalidExamples, match="ChatterBot"):
        read_examples([file])


@pytest.mark.parametrize("form", ["{}", "{0}\n{0}"])
def test_a_task_of_a_review_is_read_as_one_also_alone(tmp_path: Path, form: str) -> None:
    value = {"choices": ["greet"]}
    log_id = "01a20ce3-576e-7a47-ac46-366bfd775716"
    result = [{"from_name": "intent", "type": "choices", "value": value}]
    task = {"data": {"log_id": log_id, "prompt": "hi"}, "annotations": [{"result": result}]}
    file = tmp_path / "review.json"
    file.write_text(form.format(json.dumps(task)))

    assert [(each.text, each.label) for each in read_examples([file])] == GREET

    file.write_text(json.dumps(task, indent=2))
    with pytest.raises(InvalidExamples, match=r"on several lines.*jq -s \. FILE"):
        read_examples([file])
