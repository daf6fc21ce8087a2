"""The shipped model: its predictions, and robustness against any input."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ClauseCalibration, ModelArtifact
from tests.unit.models import change_manifest, read_manifest

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
    change_manifest(model_copy, clause_calibration={"weight": 1.0, "bias": -2.0})
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

    assert 0 < float(output.probabilities.sum()) < 1 + 1e-4
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


def _change_last_stage(folder: Path, **changes: object) -> None:
    *earlier, last = read_manifest(folder)["stages"]
    always_escalate = [stage | {"min_margin": 1} for stage in earlier]
    change_manifest(folder, stages=[*always_escalate, last | changes])


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
