"""Thresholds that reach a precision or a recall, and what then needs a review."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, Thresholds
from prompt_capture.bootstrap.models import review_criteria
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.settings.classification import ClassifierSettings
from tests.unit.predictions import make_predictions
from training.calibrate.predictions import Predictions
from training.calibrate.thresholds import (
    confidence_for_precision,
    confidence_for_recall,
    confidence_thresholds,
)
from training.config import ReviewTarget

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
OUTCOMES = st.lists(st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1)


def _arrays(outcomes: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one for one, _ in outcomes]), np.array([right for _, right in outcomes])


@given(OUTCOMES, st.sampled_from([0.2, 0.5, 0.75, 1.0]))
def test_a_threshold_is_the_lowest_that_reaches_the_precision(
    outcomes: list[tuple[float, bool]], target: float
) -> None:
    confidences, correct = _arrays(outcomes)
    reaching = [one for one in confidences if correct[confidences >= one].mean() >= target]

    expected = min(reaching) if reaching else None
    assert confidence_for_precision(confidences, correct, target) == expected


@given(OUTCOMES, st.sampled_from([0.2, 0.5, 0.75, 1.0]))
def test_a_threshold_is_the_highest_that_reaches_the_recall(
    outcomes: list[tuple[float, bool]], target: float
) -> None:
    confidences, correct = _arrays(outcomes)
    reaching = [one for one in confidences if (correct & (confidences >= one)).mean() >= target]

    expected = max(reaching) if reaching else None
    assert confidence_for_recall(confidences, correct, target) == expected


def test_a_prediction_counts_as_often_as_its_weight() -> None:
    confidences, correct = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])
    often = np.repeat([0, 1, 2], [3, 1, 6])

    for find in (confidence_for_precision, confidence_for_recall):
        for target in (0.3, 0.75, 0.9):
            weighted = find(confidences, correct, target, np.array([3.0, 1, 6]))
            assert weighted == find(confidences[often], correct[often], target)


def test_no_prediction_reaches_no_target() -> None:
    nothing = np.zeros(0), np.zeros(0, bool)

    assert confidence_for_precision(*nothing, 0.5) is None
    assert confidence_for_recall(*nothing, 0.5) is None


def _predictions() -> Predictions:
    """Sixty messages each of two intents, of which `email` is mostly right, and five of a third."""
    rows = [
        *((f"e {n}", "email", "email", 0.9) for n in range(50)),
        *((f"e {n}", "help", "email", 0.6) for n in range(10)),
        *((f"h {n}", "help", "help" if n % 2 else "email", 0.5) for n in range(60)),
        *((f"r {n}", "reminder", "reminder", 0.7) for n in range(5)),
    ]
    return make_predictions(rows)


def test_without_a_target_the_thresholds_do_not_decide_what_needs_a_review() -> None:
    thresholds = confidence_thresholds(_predictions())

    assert thresholds is not None
    assert (thresholds.target_precision, thresholds.target_recall) == (0.95, None)
    assert not thresholds.decide_review
    assert dict(thresholds.per_intent) == {"email": 0.9, "help": 0.5}


def test_an_intent_with_few_predictions_has_no_threshold_of_its_own() -> None:
    truth = np.array(["email"] * 60 + ["greeting"] * 5)
    probabilities = np.array([[0.9, 0.1]] * 60 + [[0.1, 0.9]] * 5)
    predictions = Predictions(["x"] * 65, truth, ("email", "greeting"), probabilities, np.ones(65))

    thresholds = confidence_thresholds(predictions)

    assert thresholds is not None
    assert thresholds.overall == 0.9
    assert dict(thresholds.per_intent) == {"email": 0.9}


def test_a_target_recall_is_measured_on_the_messages_of_an_intent() -> None:
    thresholds = confidence_thresholds(_predictions(), ReviewTarget("recall", 0.9))

    assert thresholds is not None
    assert (thresholds.target_precision, thresholds.target_recall) == (None, 0.9)
    assert thresholds.decide_review
    assert dict(thresholds.per_intent) == {"email": 0.9, "help": None}


def test_a_target_that_could_not_be_measured_is_not_reached() -> None:
    thresholds = confidence_thresholds(None, ReviewTarget("precision", 0.9))

    assert thresholds is not None
    assert thresholds.overall is None
    assert confidence_thresholds(None) is None


def test_thresholds_have_one_target() -> None:
    for targets in ({}, {"target_precision": 0.9, "target_recall": 0.9}):
        with pytest.raises(ValidationError, match="one target"):
            Thresholds(overall=0.5, per_intent={}, **targets)


def _prediction(intent: str, confidence: float, **changes: object) -> Prediction:
    values = {"source": "model", "model_version": "m", "scope": 0.9, **changes}
    return Prediction.model_validate({"intent": intent, "confidence": confidence, **values})


def test_the_thresholds_of_the_model_decide_what_needs_a_review() -> None:
    thresholds = Thresholds(
        target_precision=0.95,
        decide_review=True,
        overall=0.6,
        per_intent={"email": 0.9, "help": None},
    )
    criteria = ReviewCriteria(0.7, thresholds.of)

    for intent, confidence, needs_review in (
        ("email", 0.9, False),
        ("email", 0.89, True),
        ("help", 1.0, True),  # no confidence reaches the precision
        ("reminder", 0.6, False),  # has no threshold of its own
        ("reminder", 0.59, True),
        ("unknown", 0.59, True),
        ("unknown", 1.0, False),
    ):
        assert criteria.needs_review(_prediction(intent, confidence)) is needs_review
    assert criteria.needs_review(_prediction("email", 0.95, scope=0.4))
    assert not criteria.needs_review(_prediction("unknown", 0.95, scope=0.05))
    rule = _prediction("email", 0.8, source="rule", scope=None)
    assert not criteria.needs_review(rule)


def test_without_thresholds_one_threshold_decides() -> None:
    criteria = ReviewCriteria(0.7)

    assert criteria.needs_review(_prediction("email", 0.69))
    assert not criteria.needs_review(_prediction("email", 0.7))


@pytest.mark.parametrize(
    ("thresholds", "needs_review"),
    [
        ({"target_precision": 0.95, "overall": 1.0, "per_intent": {}}, False),  # earlier models
        (
            {"target_precision": 0.9, "decide_review": True, "overall": None, "per_intent": {}},
            True,
        ),
        (None, False),
    ],
)
def test_service_reads_the_thresholds_of_the_manifest(
    tmp_path: Path, thresholds: dict[str, object] | None, needs_review: bool
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"thresholds": thresholds}))
    settings = ClassifierSettings(model_dir=folder)

    criteria = review_criteria(settings, ModelArtifact.load(folder).manifest)

    assert criteria.needs_review(_prediction("email", 0.95)) is needs_review
