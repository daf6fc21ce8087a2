"""What the comparison of two models shows to be worse, and what it cannot show."""

import numpy as np
import pytest

from tests.unit.predictions import make_predictions
from training.report.comparison import Comparison, compare, describe_power, describe_vetoes

Row = tuple[str, str, str, float]
"""Text, true label, predicted label and confidence."""


def _right(intents: int, messages: int) -> list[Row]:
    """Return correct predictions for each of some intents, all with a confidence of 0.95."""
    labels = [f"intent-{number:02}" for number in range(intents)]
    return [(f"{label} {n}", label, label, 0.95) for label in labels for n in range(messages)]


def _lose(rows: list[Row], lost: set[str]) -> list[Row]:
    """Replace the predictions of some intents by another intent."""
    return [
        (text, truth, "intent-00" if truth in lost else predicted, confidence)
        for text, truth, predicted, confidence in rows
    ]


def _compare(new: list[Row], old: list[Row], new_scope: float = 1.0) -> Comparison:
    scope = [new_scope if truth == "unknown" else 1.0 for _, truth, _, _ in new]
    return compare(make_predictions(new, scope), make_predictions(old))


def _vetoes(comparison: Comparison) -> list[tuple[str, str | None]]:
    return [(veto.measure, veto.intent) for veto in comparison.vetoes]


def test_a_lost_intent_is_a_veto_even_where_the_new_model_is_better_overall() -> None:
    right = _right(20, 10)
    is_wrong = np.random.default_rng(0).random(len(right)) < 0.3
    old = [
        (text, truth, "intent-19" if wrong and truth != "intent-07" else predicted, 0.7)
        for (text, truth, predicted, _), wrong in zip(right, is_wrong, strict=True)
    ]
    comparison = _compare(_lose(right, {"intent-07"}), old)

    assert comparison.verdict == "better"
    assert _vetoes(comparison) == [("recall", "intent-07")]
    assert next(describe_vetoes(comparison)).startswith("Veto: recall of intent-07: -100.0 points")


def test_a_difference_that_is_not_shown_is_no_veto() -> None:
    comparison = _compare(_lose(_right(20, 4), {"intent-07"}), _right(20, 4))

    assert comparison.accuracy_difference < 0
    assert comparison.intents["intent-07"].difference == -1
    assert comparison.verdict == "no significant difference"
    assert ("recall", "intent-07") not in _vetoes(comparison)


def test_an_intent_whose_loss_could_not_be_shown_is_named() -> None:
    rows = [*_right(2, 40), *((f"rare {n}", "rare", "rare", 0.95) for n in range(4))]
    comparison = _compare(rows, rows)

    assert comparison.intents["rare"].smallest_difference is None
    power, hidden = describe_power(comparison, len(rows))
    assert power.startswith("84 messages show a difference in accuracy from ")
    assert "one intent would not be shown" in hidden
    assert "rare (4)" in hidden


def test_the_same_model_twice_gives_no_veto_and_states_what_could_be_shown() -> None:
    comparison = _compare(_right(5, 40), _right(5, 40))

    assert comparison.vetoes == []
    assert (comparison.p_value, comparison.calibration.p_value) == (1, 1)
    smallest = comparison.smallest_difference
    assert smallest is not None
    assert 0.02 < smallest < 0.05


def test_intents_are_corrected_for_how_many_of_them_are_tested() -> None:
    rows, lost = _right(10, 6), {f"intent-0{number}" for number in range(1, 9)}
    one, many = (_compare(_lose(rows, some), rows) for some in ({"intent-01"}, lost))

    assert one.intents["intent-01"].p_value == pytest.approx(0.5**6)
    assert many.intents["intent-01"].p_value > 0.05


def test_messages_out_of_scope_that_get_an_intent_with_confidence_are_a_veto() -> None:
    right = [*_right(2, 20), *((f"x {n}", "unknown", "unknown", 0.9) for n in range(20))]
    accepted = [
        (text, truth, "intent-00" if truth == "unknown" else predicted, confidence)
        for text, truth, predicted, confidence in right
    ]

    comparison = _compare(accepted, right)

    assert comparison.out_of_scope is not None
    assert comparison.out_of_scope.recall.difference == -1
    assert comparison.out_of_scope.false_accept_rate.difference == 1
    found = _vetoes(comparison)
    assert ("out_of_scope_recall", None) in found
    assert ("false_accept_rate", None) in found
    assert _vetoes(_compare(right, accepted)) == []


def test_a_low_scope_recognises_a_message_as_out_of_scope() -> None:
    rows = [*_right(2, 20), *((f"x {n}", "unknown", "intent-00", 0.6) for n in range(20))]

    comparison = _compare(rows, rows, new_scope=0.2)

    assert comparison.out_of_scope is not None
    assert comparison.out_of_scope.recall.only_new == 20
    assert comparison.vetoes == []


def test_out_of_scope_messages_are_not_compared_where_there_are_none() -> None:
    assert _compare(_right(2, 20), _right(2, 20)).out_of_scope is None


def test_confidences_that_are_no_longer_true_are_a_veto() -> None:
    random = np.random.default_rng(0)
    is_right = random.random(300) < 0.8
    rows, overconfident = (
        [
            (str(n), "email", "email" if right else "help", confidence)
            for n, right in enumerate(is_right)
        ]
        for confidence in (0.8, 0.99)
    )

    comparison = _compare(overconfident, rows)

    assert _vetoes(comparison) == [("calibration", None)]
    assert comparison.verdict == "no significant difference"
    assert comparison.calibration.smallest_difference < 0.19
    assert "excess calibration error: +0.2" in next(describe_vetoes(comparison))


def test_few_messages_show_nothing_about_calibration() -> None:
    rows, overconfident = (
        [(str(n), "email", "email" if n % 5 else "help", confidence) for n in range(100)]
        for confidence in (0.8, 0.99)
    )

    comparison = _compare(overconfident, rows)

    assert comparison.calibration.p_value < 0.01
    assert comparison.vetoes == []


def test_a_comparison_can_be_written_as_json() -> None:
    comparison = _compare(_lose(_right(3, 30), {"intent-01"}), _right(3, 30))

    assert Comparison.model_validate_json(comparison.model_dump_json()) == comparison
