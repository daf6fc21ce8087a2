"""The confidence in a clause says whether its message asks for that at all."""

import numpy as np
import pytest

from prompt_capture.adapters.model_artifact import ClauseCalibration
from training.calibration import expected_calibration_error
from training.clause_calibration import calibrate_clauses, cut
from training.examples import Example

LABELS = ("email", "reminder", "unknown")


def test_messages_are_cut_and_as_many_made_of_two_others() -> None:
    examples = [
        Example(text="email anna and tell bob it", label="email", secondary=("reminder",)),
        Example(text="write to the dean", label="email"),
        Example(text="ping me at noon", label="reminder"),
        Example(text="hello", label="greeting"),
        Example(text="so so", label="unknown"),
    ]

    clauses = cut(examples, seed=0)

    assert clauses.texts[:2] == ["email anna", "tell bob it"]
    assert set(clauses.texts[2:]) == {"write to the dean", "ping me at noon"}
    assert clauses.intents == [frozenset(["email", "reminder"])] * 4


def _overconfident(n: int) -> tuple[np.ndarray, list[frozenset[str]]]:
    """Clauses that are answered with 0.95 or 0.6, and half as often right as it says."""
    random = np.random.default_rng(0)
    sure = np.where(np.arange(n) % 2, 0.95, 0.6)
    probabilities = np.stack([sure, 1 - sure, np.zeros(n)], axis=1)
    right = random.random(n) < sure / 2
    return probabilities, [frozenset(["email" if one else "reminder"]) for one in right]


def test_a_calibrated_clause_is_as_often_right_as_it_says() -> None:
    probabilities, intents = _overconfident(2_000)

    found = calibrate_clauses(probabilities, LABELS, intents)

    assert found is not None
    confidences = np.array([found.of(one) for one in probabilities.max(axis=1)])
    right = np.array(["email" in asked for asked in intents])
    assert expected_calibration_error(probabilities.max(axis=1), right) > 0.3
    assert expected_calibration_error(confidences, right) < 0.02


def test_there_is_no_calibration_from_a_few_clauses_or_from_unknown_ones() -> None:
    probabilities, intents = _overconfident(90)

    assert calibrate_clauses(probabilities, LABELS, intents) is None
    nobody = np.tile([0.1, 0.1, 0.8], (400, 1))
    assert calibrate_clauses(nobody, LABELS, [frozenset(["unknown"])] * 400) is None


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_certainty_stays_a_probability(confidence: float) -> None:
    assert 0 <= ClauseCalibration(weight=30, bias=0).of(confidence) <= 1
