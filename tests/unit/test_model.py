"""The shipped model: its files, its predictions, and robustness against any input."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prompt_capture import bootstrap
from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    ClauseCalibration,
    ModelArtifact,
    file_sha256,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.settings import ClassifierSettings

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"

GOLDEN = {
    "move my dentist appointment to friday": "reschedule",
    "block two hours for chemistry tomorrow": "scheduling",
    "remind me to take my meds at 9": "reminder",
    "add buy milk to my todo list": "task_management",
    "put mums birthday on my calendar june 4": "calendar_event",
    "how many tasks did i finish this week": "status",
    "what's left for today?": "user_data_query",
    "find all my essays due in november": "search",
    "is there a free plan": "app_info_query",
    "turn off notifications at night": "adjust_preferences",
    "say that again please, what do you mean": "clarification_request",
    "what's the capital of peru": "unknown",
}


@pytest.fixture(scope="module")
def model() -> OnnxClassifier:
    return OnnxClassifier(ModelArtifact.load(SHIPPED))


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000", "\u200b", "\ufeff\u2060"], ids=ascii)
def test_a_text_without_a_visible_character_is_unknown(model: OnnxClassifier, text: str) -> None:
    (prediction,) = model.classify([text])
    assert prediction.intent == "unknown"
    assert prediction == model.classify([""])[0]


def test_the_shipped_model_has_22_intents(model: OnnxClassifier) -> None:
    assert len(model.labels) == 22
    assert set(GOLDEN.values()) <= set(model.labels)


@pytest.mark.parametrize(("message", "intent"), GOLDEN.items())
def test_golden_predictions(model: OnnxClassifier, message: str, intent: str) -> None:
    (prediction,) = model.classify([message])

    assert prediction.intent == intent
    assert prediction.source == "model"
    assert prediction.model_version == model.version


def test_the_confidence_in_a_clause_has_its_own_calibration(model_copy: Path) -> None:
    manifest = json.loads((model_copy / "manifest.json").read_text("utf-8"))
    manifest["clause_calibration"] = {"weight": 1.0, "bias": -2.0}
    (model_copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    model = OnnxClassifier(ModelArtifact.load(model_copy))
    text = "remind me to take my meds"

    (message,), (clause,) = model.classify([text]), model.classify_clauses([text])

    expected = ClauseCalibration(weight=1, bias=-2).calibrate(message.confidence)
    assert clause == message.model_copy(update={"confidence": round(expected, 6)})
    assert clause.confidence < message.confidence


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\x1b[31m",
        "x" * 4_000,
        "word " * 800,
        "👩‍💻" * 1_000,
        "你好" * 2_000,
        "\ufeff",
    ],
    ids=range(9),
)
def test_any_text_gets_a_prediction(model: OnnxClassifier, text: str) -> None:
    output = model.predict(text)

    assert abs(float(output.probabilities.sum()) - 1) < 1e-4
    assert 0 <= output.scope <= 1
    assert 0 <= model.classify([text])[0].confidence <= 1


@given(st.text(max_size=300))
def test_predictions_are_deterministic(text: str) -> None:
    model = _load_once()

    assert (model.predict(text).probabilities == model.predict(text).probabilities).all()


def test_the_prediction_for_a_text_does_not_depend_on_other_texts(model: OnnxClassifier) -> None:
    texts = list(GOLDEN)

    together = model.classify(texts)

    assert together == [model.classify([text])[0] for text in texts]


def test_invisible_characters_do_not_change_the_prediction(model: OnnxClassifier) -> None:
    plain, padded = "move my dentist", "  move\tmy\u200b dentist\x07\n"

    assert (model.predict(plain).probabilities == model.predict(padded).probabilities).all()


def _load_once(cache: list[OnnxClassifier] = []) -> OnnxClassifier:  # noqa: B006 - loaded once
    if not cache:
        cache.append(OnnxClassifier(ModelArtifact.load(SHIPPED)))
    return cache[0]


def _damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _relabel(folder: Path) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps(manifest | {"labels": manifest["labels"][:-1]}))


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "version"),
        (lambda folder: (folder / "encoder.onnx").unlink(), "encoder.onnx"),
        (lambda folder: (folder / "encoder.onnx").write_bytes(b""), "encoder.onnx"),
        (lambda folder: _damage(folder / "student.onnx"), "student.onnx"),
        (lambda folder: _damage(folder / "student.tokenizer.json"), "student.tokenizer.json"),
        (_relabel, "21 labels"),
    ],
    ids=range(8),
)
def test_loading_a_damaged_model_fails(
    model_copy: Path, corrupt: Callable[[Path], object], message: str
) -> None:
    corrupt(model_copy)

    with pytest.raises(InvalidArtifact, match=message):
        OnnxClassifier(ModelArtifact.load(model_copy))


def test_a_model_in_a_layer_is_not_checked_again(
    model_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = json.loads((model_copy / "manifest.json").read_text())
    files = dict.fromkeys(manifest["files"], "0" * 64)
    (model_copy / "manifest.json").write_text(json.dumps(manifest | {"files": files}))
    settings = ClassifierSettings(model_dir=model_copy)
    with pytest.raises(InvalidArtifact):
        bootstrap.model_artifact(settings)

    monkeypatch.setattr(bootstrap, "LAYERS", model_copy.parent)

    artifact = bootstrap.model_artifact(settings)
    assert bootstrap.intent_detector(settings, artifact).detect("hello").intent == "greeting"


def _change_manifest(folder: Path, **changes: object) -> None:
    """Change keys of the manifest, and update its hashes to the current files."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    files = {name: file_sha256(folder / name) for name in manifest["files"]}
    file.write_text(json.dumps(manifest | {"files": files} | changes))


def _change_stages(folder: Path, **changes: object) -> None:
    stages = json.loads((folder / "manifest.json").read_text())["stages"]
    _change_manifest(folder, stages=[stage | changes for stage in stages])


def _change_last_stage(folder: Path, **changes: object) -> None:
    *earlier, last = json.loads((folder / "manifest.json").read_text())["stages"]
    always_escalate = [stage | {"min_margin": 1} for stage in earlier]
    _change_manifest(folder, stages=[*always_escalate, last | changes])


def test_two_stages_can_answer_together(model_copy: Path) -> None:
    def predict(**changes: object) -> ModelOutput:
        _change_last_stage(model_copy, **changes)
        return OnnxClassifier(ModelArtifact.load(model_copy)).predict("put gym on tuesday instead")

    def intents(output: ModelOutput) -> NDArray[np.floating]:
        probabilities: NDArray[np.floating] = output.probabilities[labels != "unknown"]
        shares: NDArray[np.floating] = probabilities / probabilities.sum()
        return shares

    labels = np.array(ModelArtifact.load(model_copy).manifest.labels)
    alone, same = predict(blend=None), predict(blend={"own": 1, "earlier": 0})
    student, mean = predict(blend={"own": 0, "earlier": 1}), predict(blend={"own": 1, "earlier": 1})

    assert np.allclose(same.probabilities, alone.probabilities, atol=1e-5)
    product = intents(alone) * intents(student)
    assert np.allclose(intents(mean), product / product.sum(), atol=1e-5)
    assert not np.allclose(intents(student), intents(alone), atol=1e-3)
    assert mean.stage == "encoder"
    assert mean.scope == alone.scope


def _replace_tokenizer(folder: Path) -> None:
    (folder / "encoder.tokenizer.json").write_text("{}")
    _change_manifest(folder)


def _replace_graph(folder: Path) -> None:
    (folder / "student.onnx").write_bytes(b"not a graph")
    _change_manifest(folder)


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (_replace_tokenizer, "cannot be loaded: encoder"),
        (_replace_graph, "cannot be loaded: student"),
        (
            lambda folder: _change_manifest(folder, schema_version=1),
            r"manifest\.json, schema_version",
        ),
        (lambda folder: _change_manifest(folder, files={}), r"does not list student\.onnx"),
        (lambda folder: _change_manifest(folder, stages=[]), r"manifest\.json, stages"),
        (lambda folder: _change_stages(folder, temperature=0), r"stages\.0\.temperature"),
        (lambda folder: _change_stages(folder, max_tokens=9999), "9999 tokens"),
        (
            lambda folder: _change_stages(folder, blend={"own": -1, "earlier": 1}),
            r"stages\.0\.blend",
        ),
        (lambda folder: _change_manifest(folder, labels=["one"]), r"manifest\.json, labels"),
        (lambda folder: _change_manifest(folder, unknown_key=1), r"manifest\.json, unknown_key"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), r"manifest\.json"),
    ],
    ids=range(11),
)
def test_loading_files_that_do_not_belong_together_fails(
    model_copy: Path, corrupt: Callable[[Path], object], message: str
) -> None:
    corrupt(model_copy)

    with pytest.raises(InvalidArtifact, match=message):
        OnnxClassifier(ModelArtifact.load(model_copy))
