"""The command `predict`: it answers as service does, for messages from anywhere."""

import gzip
import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.workflows.detect_intent import IntentDetector
from training.data.examples import Example
from training.fit.encoders import Encoder
from training.report.nearest import NearestExamples

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "model_artifacts" / "assistant"
KEYS = [
    "text",
    "intent",
    "confidence",
    "scope",
    "secondary_intents",
    "needs_review",
    "stage",
]
TWO_INTENTS = "book the dentist and remind me the day before"


def _run(*arguments: str, stdin: str | bytes | None = None, **environment: str) -> Result:
    settings = {"COLUMNS": "100", **environment}
    return CliRunner().invoke(app, ["predict", *arguments], input=stdin, env=settings)


def _predict(*arguments: str, stdin: str | None = None, **environment: str) -> list[dict[str, Any]]:
    result = _run(*arguments, "--json", stdin=stdin, **environment)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_predictions_are_those_of_service_without_rules() -> None:
    model = OnnxClassifier(ModelArtifact.load(SHIPPED))
    messages = ["thanks", TWO_INTENTS, "purple monkey dishwasher"]

    predicted = _predict(*messages)

    assert [list(each) for each in predicted] == [KEYS] * len(messages)
    for message, each in zip(messages, predicted, strict=True):
        expected = IntentDetector(model).detect(message)
        assert each == {
            "text": message,
            "intent": expected.intent,
            "confidence": expected.confidence,
            "scope": expected.scope,
            "secondary_intents": [one.model_dump() for one in expected.secondary_intents],
            "needs_review": ReviewCriteria().needs_review(expected),
            "stage": model.predict(message).stage,
        }
    assert predicted[1]["secondary_intents"]
    assert predicted[0]["stage"] == "student"


def test_messages_are_redacted_and_shortened_as_in_service() -> None:
    first, second = _predict("write to bob@example.com please", "word " * 2000)

    assert first["text"] == "write to <EMAIL> please"
    assert len(second["text"]) == 4000


def test_the_settings_of_service_apply() -> None:
    (message,) = _predict("thanks for the help", REVIEW_THRESHOLD="1", RULES_FILE="missing.toml")
    (unredacted,) = _predict("bob@example.com", REDACT="none")

    assert message["needs_review"] is True
    assert unredacted["text"] == "bob@example.com"


def test_a_lone_surrogate_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "hi \\ud800 there"}\n')

    assert _predict("--data", str(file))[0]["text"] == "hi \N{REPLACEMENT CHARACTER} there"


@pytest.mark.parametrize("name", ["messages.txt", f"{'long' * 40}.txt", "data.jsonl", "data.csv"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_files_need_no_labels(tmp_path: Path, name: str, is_compressed: bool) -> None:
    content = {
        "txt": "hello\n\nthank you\n",
        "jsonl": '{"text": "hello"}\n{"text": "thank you", "label": "thanks"}\n',
        "csv": "text\nhello\nthank you\n",
    }[name.rpartition(".")[2]].encode()
    file = tmp_path / (f"{name}.gz" if is_compressed else name)
    file.write_bytes(gzip.compress(content) if is_compressed else content)

    assert [each["text"] for each in _predict("--data", str(file))] == ["hello", "thank you"]


def test_a_folder_of_text_files_and_standard_input_are_read(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("hello\n")
    (tmp_path / "thanks.txt").write_text("thank you\n")

    data = _predict("--data", str(tmp_path), "--data", "-", stdin='{"text": "hi"}\n')
    lines = _predict("-", stdin="\ufeffhello\r\n\nthank you")

    assert [each["text"] for each in data] == ["hello", "thank you", "hi"]
    assert [each["text"] for each in lines] == ["hello", "thank you"]


def test_lines_without_a_visible_character_are_reported() -> None:
    result = _run("-", "--json", stdin="hello\n\u200b\n")

    assert len(result.stdout.splitlines()) == 1
    assert "standard input: 1 left out: texts without a visible character (line 2)" in result.stderr


def test_examples_explain_a_prediction(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    rows = [
        ("thank you so much", "thanks"),
        ("thank you so much", "thanks"),
        ("what is the weather", "search"),
        ("call 0151 23456789", "task_management"),
        ("thanks a lot", "thanks"),
    ]
    file.write_text("".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in rows))

    (predicted,) = _predict("thank you so much", "--explain", str(file))

    assert list(predicted) == [*KEYS, "nearest"]
    assert predicted["nearest"][:2] == [
        {"text": "thank you so much", "label": "thanks", "similarity": 1.0},
        {"text": "thanks a lot", "label": "thanks", "similarity": ANY},
    ]
    assert len(predicted["nearest"]) == 3
    shown = _run("thank you so much", "--explain", str(file)).stdout
    assert "  1.00 thanks: thank you so much\n" in shown


def test_the_nearest_examples_are_those_of_the_last_stage() -> None:
    artifact = ModelArtifact.load(SHIPPED)
    texts = ["open the window", "close the door", "thank you", "what time is it"]
    examples = [Example(text=text, label="x") for text in texts]
    encoder = Encoder.load(artifact, artifact.manifest.stages[-1])

    found = NearestExamples.of_model(artifact, examples).find("shut the door", 4)

    query, *others = (
        vector / (vector @ vector) ** 0.5
        for vector in encoder.embed(["shut the door", *sorted(texts)])
    )
    expected = sorted(
        ((float(query @ each), text) for each, text in zip(others, sorted(texts), strict=True)),
        reverse=True,
    )
    assert [each.text for each in found] == [text for _, text in expected]
    assert [each.similarity for each in found] == pytest.approx(
        [one for one, _ in expected], abs=1e-4
    )


def test_people_see_an_aligned_table_without_control_characters() -> None:
    shown = _run("hello \x1b[31mthere", TWO_INTENTS).stdout.splitlines()

    header, *rows = shown
    assert header.split() == ["Message", "Intent", "Confidence", "Scope", "Review", "Stage"]
    assert "\x1b" not in "".join(shown)
    column = header.index("Intent")
    assert rows[0][column:].startswith("greeting")
    assert all(len(row) <= 100 for row in shown)
    secondary = _predict(TWO_INTENTS)[0]["secondary_intents"][0]["intent"]
    assert any(row[column:].startswith(f"+ {secondary}") for row in rows)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Choose messages as arguments, or --data"),
        (("hello", "--data", "x.jsonl"), "Choose messages as arguments, or --data"),
        (("hello", "-"), "pass it alone"),
        (("hello", "\u200b"), "Message 2 has no visible character"),
    ],
)
def test_wrong_arguments_are_rejected(arguments: tuple[str, ...], problem: str) -> None:
    result = _run(*arguments)

    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"text": "hello"}\n{"text": 3}\n', "data.jsonl, line 2: text: "),
        (b'{"text": "hello"}\nhello\n', "data.jsonl, line 2 is not valid JSON. Write one"),
        (b'{"text": "hello"}\n{"text": "\xff"}\n', "Line 2 is not UTF-8"),
        (b"\x1f\x8bxyz", "The compressed data is incomplete or damaged"),
        (None, "data.jsonl cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "data.jsonl"
    if content is not None:
        file.write_bytes(content)

    result = _run("--data", str(file))

    assert result.exit_code == 1
    assert problem in result.stderr
    assert "hello" not in result.stderr


def test_standard_input_that_is_not_utf_8_is_explained() -> None:
    result = _run("-", stdin=b"hello\n\xff\n")

    assert result.exit_code == 1
    assert "standard input, line 2 is not UTF-8. Convert it" in result.stderr


def test_a_folder_without_a_model_is_explained(tmp_path: Path) -> None:
    result = _run("hello", "--model", str(tmp_path))

    assert result.exit_code == 1
    assert "Is" in result.stderr
    assert "a model from `prompt-capture train`?" in " ".join(result.stderr.split())
