"""The command `train`: thresholds that a target asks for, and the record of how it trained."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.models import read_manifest
from training.code_version import code_version
from training.data.reading import read_examples
from training.fit.encoders import BaseEncoders

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("brief_students")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty messages each of two intents, and ten of a third."""
    file = tmp_path_factory.mktemp("data") / "data.jsonl"
    examples = read_examples([ROOT / "training" / "data" / "train"])
    sizes = {"email": 60, "help": 60, "greeting": 10}
    few = [
        example
        for label in sizes
        for example in [e for e in examples if e.label == label][: sizes[label]]
    ]
    file.write_text("".join(f"{each.model_dump_json()}\n" for each in few))
    return file


@pytest.mark.parametrize("measure", ["precision", "recall"])
def test_a_target_gives_thresholds_that_decide_what_needs_a_review(
    data: Path,
    shipped_base: BaseEncoders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    measure: str,
) -> None:
    monkeypatch.setattr("training.fit.encoders.base_from_artifact", lambda artifact: shipped_base)
    arguments = ["train", "--data", str(data), "--out", str(tmp_path), f"--target-{measure}", "0.9"]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert result.exit_code == 0, result.output
    assert f"reaches a {measure} of 0.9 on held-out examples" in result.stderr
    assert "Too few held-out examples for thresholds of their own: greeting." in result.stderr
    thresholds = json.loads((tmp_path / "manifest.json").read_text())["thresholds"]
    assert thresholds[f"target_{measure}"] == 0.9
    assert thresholds["decide_review"] is True
    assert set(thresholds["per_intent"]) == {"email", "help"}
    assert (
        "below the threshold of their intent need a review"
        in (tmp_path / "report" / "card.html").read_text()
    )


def test_a_model_records_how_it_was_made(data: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("mail the tutor\nhiya\n")
    arguments = ["--data", str(data), "--unlabelled", str(texts), "--out", str(tmp_path / "out")]

    result = CliRunner().invoke(app, ["train", *arguments, "--seed", "3", "--name", "small"])

    assert result.exit_code == 0, result.output
    manifest = read_manifest(tmp_path / "out")
    assert manifest["version"].startswith("small-")
    assert manifest["training"] == {
        "mode": "head",
        "seed": 3,
        "code_version": code_version(),
        "parent": read_manifest(ROOT / "model_artifacts" / "assistant")["version"],
        "datasets": [
            {"source": str(data), "manifest_sha256": None, "examples_by_tier": {"seed": 130}},
            {"source": str(texts), "manifest_sha256": None, "examples_by_tier": {"unlabelled": 2}},
        ],
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--target-precision", "0.9", "--target-recall", "0.9"), "not both"),
        (("--target-precision", "95"), "above 0 and up to 1"),
        (("--target-recall", "0"), "above 0 and up to 1"),
        (("--target-recall", "nan"), "above 0 and up to 1"),
        (("--name", "../next"), "must begin with a letter or a digit"),
        (("--name", "n" * 92), "at most 91"),
    ],
)
def test_a_wrong_option_is_rejected_before_the_training(
    data: Path, tmp_path: Path, options: tuple[str, ...], problem: str
) -> None:
    arguments = ["train", "--data", str(data), "--out", str(tmp_path / "out"), *options]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert result.exit_code == 2
    assert problem in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["manifest.json", "notes.txt", "mine.onnx"])
def test_a_folder_with_files_of_no_model_is_refused_before_the_training(
    data: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text('{"name": "my web application"}')
    arguments = ["train", "--data", str(data), "--out", str(tmp_path)]

    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "500"})

    assert result.exit_code == 2
    assert "has files of no model. Name a new folder, or that of a model" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == [name]
