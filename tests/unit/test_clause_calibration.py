"""The calibrated confidence in a clause is the probability that its message has the intent."""

import numpy as np
import pytest

from prompt_capture.adapters.onnx.model_artifact import ClauseCalibration
from training.calibrate.clauses import fit_clause_calibration, sample_clauses
from training.calibrate.confidence import expected_calibration_error
from training.data.examples import Example

LABELS = ("email", "reminder", "unknown")


def test_messages_are_split_and_as_many_are_joined_from_two_others() -> None:
    examples = [
        Example(text="email anna and tell bob it", label="email", secondary=("reminder",)),
        Example(text="write to the dean", label="email"),
        Example(text="ping me at noon", label="reminder"),
        Example(text="hello", label="greeting"),
        Example(text="so so", label="unknown"),
    ]

    clauses = sample_clauses(examples, seed=0)

    assert clauses.texts[:2] == ["email anna", "tell bob it"]
    assert set(clauses.texts[2:]) == {"write to the dean", "ping me at noon"}
    assert clauses.intents == [frozenset(["email", "reminder"])] * 4


def _overconfident(n: int) -> tuple[np.ndarray, list[frozenset[str]]]:
    """Return predictions with a confidence of 0.95 or 0.6 that are correct half as often."""
    random = np.random.default_rng(0)
    confidence = np.where(np.arange(n) % 2, 0.95, 0.6)
    probabilities = np.stack([confidence, 1 - confidence, np.zeros(n)], axis=1)
    correct = random.random(n) < confidence / 2
    return probabilities, [frozenset(["email" if one else "reminder"]) for one in correct]


def test_the_calibrated_confidence_of_clauses_matches_their_accuracy() -> None:
    probabilities, intents = _overconfident(2_000)

    calibration = fit_clause_calibration(probabilities, LABELS, intents)

    assert calibration is not None
    confidences = np.array([calibration.calibrate(one) for one in probabilities.max(axis=1)])
    correct = np.array(["email" in expected for expected in intents])
    assert expected_calibration_error(probabilities.max(axis=1), correct) > 0.3
    assert expected_calibration_error(confidences, correct) < 0.02


def test_few_clauses_or_unknown_ones_give_no_calibration() -> None:
    probabilities, intents = _overconfident(90)

    assert fit_clause_calibration(probabilities, LABELS, intents) is None
    unknown = np.tile([0.1, 0.1, 0.8], (400, 1))
    assert fit_clause_calibration(unknown, LABELS, [frozenset(["unknown"])] * 400) is None


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_of_zero_or_one_gives_a_probability(confidence: float) -> None:
    assert 0 <= ClauseCalibration(weight=30, bias=0).calibrate(confidence) <= 1
