"""The shipped model: its files, its answers, and that nothing a user types can break it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture import bootstrap
from prompt_capture.adapters.model_artifact import ClauseCalibration, ModelArtifact, sha256_of
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
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
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_the_shipped_model_knows_the_22_intents(model: OnnxClassifier) -> None:
    assert len(model.labels) == 22
    assert set(GOLDEN.values()) <= set(model.labels)


@pytest.mark.parametrize(("message", "intent"), GOLDEN.items())
def test_golden_predictions(model: OnnxClassifier, message: str, intent: str) -> None:
    (prediction,) = model.classify([message])

    assert prediction.intent == intent
    assert prediction.source == "model"
    assert prediction.model_version == model.version


def test_the_confidence_in_a_clause_is_what_clauses_are_worth(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_text("utf-8"))
    manifest["clauses"] = {"weight": 1.0, "bias": -2.0}
    (copied / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    model = OnnxClassifier(ModelArtifact.load(copied))
    text = "remind me to take my meds"

    (message,), (clause,) = model.classify([text]), model.classify_clauses([text])

    expected = ClauseCalibration(weight=1, bias=-2).of(message.confidence)
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
def test_any_text_is_answered(model: OnnxClassifier, text: str) -> None:
    answer = model.answer(text)

    assert abs(float(answer.probabilities.sum()) - 1) < 1e-4
    assert 0 <= answer.scope <= 1
    assert 0 <= model.classify([text])[0].confidence <= 1


@given(st.text(max_size=300))
def test_random_text_is_answered_alike_each_time(text: str) -> None:
    model = _loaded()

    assert (model.answer(text).probabilities == model.answer(text).probabilities).all()


def test_a_text_scores_alike_alone_and_in_company(model: OnnxClassifier) -> None:
    texts = list(GOLDEN)

    together = model.classify(texts)

    assert together == [model.classify([text])[0] for text in texts]


def test_what_cannot_be_seen_makes_no_difference(model: OnnxClassifier) -> None:
    plain, dressed = "move my dentist", "  move\tmy\u200b dentist\x07\n"

    assert (model.answer(plain).probabilities == model.answer(dressed).probabilities).all()


def _loaded(cache: list[OnnxClassifier] = []) -> OnnxClassifier:  # noqa: B006 - loaded once
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
    ("spoil", "named"),
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
def test_a_damaged_model_is_refused_at_start(
    copied: Path, spoil: Callable[[Path], object], named: str
) -> None:
    spoil(copied)

    with pytest.raises(InvalidArtifact, match=named):
        OnnxClassifier(ModelArtifact.load(copied))


def test_a_model_in_a_layer_was_checked_when_it_was_packaged(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = json.loads((copied / "manifest.json").read_text())
    files = dict.fromkeys(manifest["files"], "0" * 64)
    (copied / "manifest.json").write_text(json.dumps(manifest | {"files": files}))
    settings = ClassifierSettings(model_dir=copied)
    with pytest.raises(InvalidArtifact):
        bootstrap.intent_detector(settings)

    monkeypatch.setattr(bootstrap, "LAYERS", copied.parent)

    assert bootstrap.intent_detector(settings).detect("hello").intent == "greeting"


def _claim(folder: Path, **changes: object) -> None:
    """Have the manifest describe the files as they are now, and say something else besides."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    files = {name: sha256_of(folder / name) for name in manifest["files"]}
    file.write_text(json.dumps(manifest | {"files": files} | changes))


def _claim_of_a_stage(folder: Path, **changes: object) -> None:
    stages = json.loads((folder / "manifest.json").read_text())["stages"]
    _claim(folder, stages=[stage | changes for stage in stages])


def _other_tokenizer(folder: Path) -> None:
    (folder / "encoder.tokenizer.json").write_text("{}")
    _claim(folder)


def _other_graph(folder: Path) -> None:
    (folder / "student.onnx").write_bytes(b"no graph")
    _claim(folder)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_other_tokenizer, "cannot be loaded: encoder"),
        (_other_graph, "cannot be loaded: student"),
        (lambda folder: _claim(folder, schema_version=1), r"manifest\.json, schema_version"),
        (lambda folder: _claim(folder, files={}), r"does not list student\.onnx"),
        (lambda folder: _claim(folder, stages=[]), r"manifest\.json, stages"),
        (lambda folder: _claim_of_a_stage(folder, temperature=0), r"stages\.0\.temperature"),
        (lambda folder: _claim_of_a_stage(folder, max_tokens=9999), "9999 tokens"),
        (lambda folder: _claim(folder, labels=["one"]), r"manifest\.json, labels"),
        (lambda folder: _claim(folder, unheard_of=1), r"manifest\.json, unheard_of"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), r"manifest\.json"),
    ],
    ids=range(10),
)
def test_files_that_do_not_belong_together_are_refused_at_start(
    copied: Path, spoil: Callable[[Path], object], named: str
) -> None:
    spoil(copied)

    with pytest.raises(InvalidArtifact, match=named):
        OnnxClassifier(ModelArtifact.load(copied))
