"""Data files and artifacts that look valid: each is rejected, or read as intended."""

import json
import shutil
from pathlib import Path

import pytest
import typer

from cli.error_handling import exit_on_error
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.errors import InvalidArtifact
from training.build import UTTERANCES
from training.data.examples import Example, InvalidExamples, data_digest, prepare_examples
from training.data.reading import read_examples

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "model_artifacts" / "assistant"


def test_a_byte_order_mark_is_not_part_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"text": "hi", "label": "a"}', "utf-8-sig")
    (tmp_path / "a.txt").write_text("hi", "utf-8-sig")

    for source in (tmp_path / "data.jsonl", tmp_path):
        assert read_examples([source]) == [Example(text="hi", label="a")]


def test_the_error_names_a_file_name_that_is_too_long_for_a_label(tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 120}.txt").write_text("hi")

    with pytest.raises(InvalidExamples, match=r"a\.txt: label"):
        read_examples([tmp_path])


def test_brackets_in_an_error_message_are_printed_unchanged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit), exit_on_error():
        raise InvalidExamples("a[/red].jsonl cannot be read")

    assert "a[/red].jsonl cannot be read" in capsys.readouterr().err


def test_loading_a_model_with_a_repeated_label_fails(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"labels": ["a"] * 22}))

    with pytest.raises(InvalidArtifact, match="a label appears twice"):
        OnnxClassifier(ModelArtifact.load(folder))


def test_the_shipped_model_was_trained_on_the_current_utterances() -> None:
    examples = prepare_examples(read_examples(UTTERANCES))

    trained_on = ModelArtifact.load(SHIPPED).manifest.training_data_sha256
    assert trained_on == data_digest(examples), "run `make model`"
