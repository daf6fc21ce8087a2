"""When a stage answers alone, and how two stages answer together."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import OptimizeResult
from scipy.special import softmax

from prompt_capture.adapters.onnx.classifier import blend_probabilities
from prompt_capture.adapters.onnx.model_artifact import Blend
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.escalation import (
    MAX_ACCURACY_LOSS,
    NO_BLEND,
    StageOutputs,
    fit_blend,
    fit_min_margin,
    fit_min_scope,
)

LABELS = 5
ALL_INTENTS = np.ones(LABELS, bool)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def _outputs(random: np.random.Generator, columns: np.ndarray, noise: float) -> StageOutputs:
    """Return calibrated outputs: the posterior of the label, seen through normal noise."""
    seen = np.eye(LABELS)[columns] + random.normal(0, noise, (len(columns), LABELS))
    return StageOutputs(softmax(seen / noise**2, axis=1), np.ones(len(columns)))


def _accuracy(outputs: StageOutputs, columns: np.ndarray) -> float:
    return float((outputs.probabilities.argmax(axis=1) == columns).mean())


def test_a_blend_is_the_weighted_product_of_the_probabilities() -> None:
    own, earlier = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.6, 0.3])

    blended = blend_probabilities(Blend(own=1, earlier=2), own, earlier, ALL_INTENTS[:3])

    product = own * earlier**2
    assert blended == pytest.approx(product / product.sum())
    assert blend_probabilities(NO_BLEND, own, earlier, ALL_INTENTS[:3]) == pytest.approx(own)


def test_a_blend_stays_shaded_and_finite() -> None:
    shaded, certain = np.array([0.6, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])

    blended = blend_probabilities(Blend(own=1, earlier=1), shaded, certain, ALL_INTENTS[:3])

    assert np.isfinite(blended).all()
    assert blended.sum() == pytest.approx(0.6)


def test_a_stage_decides_the_scope_of_a_message_without_the_stage_before_it() -> None:
    is_intent = np.array([True, True, False])
    in_scope, out_of_scope = np.array([0.4, 0.2, 0.39]), np.array([0.1, 0.2, 0.7])
    earlier = np.array([0.2, 0.7, 0.1])

    for own in (in_scope, out_of_scope):
        blended = blend_probabilities(Blend(own=1, earlier=1), own, earlier, is_intent)

        assert blended[is_intent].sum() == pytest.approx(own[is_intent].sum())
        assert is_intent[blended.argmax()] == is_intent[own.argmax()]


def test_two_stages_that_agree_are_not_surer_than_the_later_one_may_be() -> None:
    own, earlier = np.array([[0.84, 0.15], [0.84, 0.15]]), np.array([[0.99, 0.01], [0.99, 0.01]])

    limited, free = blend_probabilities(
        Blend(own=1, earlier=1), own, earlier, ALL_INTENTS[:2], np.array([0.8499, 1.0])
    )

    assert limited[0] == pytest.approx(0.8499)
    assert free[0] > 0.95


def test_independent_stages_are_blended_equally_and_are_right_more_often(
    random: np.random.Generator,
) -> None:
    columns = random.integers(0, LABELS, 4_000)
    own, earlier = (_outputs(random, columns, 0.6) for _ in range(2))

    blend = fit_blend(own, earlier, columns, np.ones(4_000), ALL_INTENTS)

    assert blend.own == pytest.approx(1, abs=0.1)
    assert blend.earlier == pytest.approx(1, abs=0.1)
    assert (
        _accuracy(own.blended_with(earlier, blend, ALL_INTENTS), columns)
        > _accuracy(own, columns) + 0.05
    )


def test_a_stage_that_knows_nothing_has_no_weight_in_the_blend(
    random: np.random.Generator,
) -> None:
    columns = random.integers(0, LABELS, 4_000)
    guesses = StageOutputs(random.dirichlet(np.ones(LABELS), 4_000), np.ones(4_000))

    blend = fit_blend(_outputs(random, columns, 0.6), guesses, columns, np.ones(4_000), ALL_INTENTS)

    assert blend.earlier < 0.05


def test_a_search_that_rounding_takes_out_of_its_bounds_gives_no_negative_weight(
    random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = random.integers(0, LABELS, 200)
    outputs = _outputs(random, columns, 0.6)

    def search(loss: Callable[[np.ndarray], float], *_: Any, **options: Any) -> OptimizeResult:
        outside = np.array([-1.4e-17, 1.0])
        return OptimizeResult(x=outside, fun=loss(outside))

    monkeypatch.setattr("training.calibrate.escalation.minimize", search)

    blend = fit_blend(outputs, outputs, columns, np.ones(200), ALL_INTENTS)

    assert blend == Blend(own=0.0, earlier=1.0)


def test_few_examples_fit_no_blend(random: np.random.Generator) -> None:
    columns = random.integers(0, LABELS, 50)
    outputs = _outputs(random, columns, 0.6)

    assert fit_blend(outputs, outputs, columns, np.ones(50), ALL_INTENTS) == NO_BLEND


def test_answering_alone_costs_no_more_accuracy_than_allowed(random: np.random.Generator) -> None:
    columns = random.integers(0, LABELS, 20_000)
    own, later = _outputs(random, columns, 0.5), _outputs(random, columns, 0.2)

    margin = fit_min_margin(own, 0.5, later, np.ones(20_000))

    cascade = own.escalate(margin, 0.5, later)
    assert 0.1 < (own.margins >= margin).mean() < 0.9
    assert _accuracy(cascade, columns) > _accuracy(later, columns) - 2 * MAX_ACCURACY_LOSS


def test_the_margin_hardly_depends_on_a_single_example(random: np.random.Generator) -> None:
    columns = random.integers(0, LABELS, 2_000)
    own, later = _outputs(random, columns, 0.5), _outputs(random, columns, 0.2)
    weights = np.ones(2_000)
    margin = fit_min_margin(own, 0.5, later, weights)

    for left_out in range(0, 2_000, 100):
        changed = weights.copy()
        changed[left_out] = 0
        assert fit_min_margin(own, 0.5, later, changed) == pytest.approx(margin, abs=0.03)


def test_a_stage_decides_alone_only_what_is_clearly_in_scope() -> None:
    scope = np.concatenate([np.linspace(0.6, 1, 101), np.zeros(50)])
    outputs = StageOutputs(np.full((151, 2), 0.5), scope)

    min_scope = fit_min_scope(outputs, np.arange(151) < 101, np.ones(151))

    assert min_scope == pytest.approx(0.64)
    low = StageOutputs(outputs.probabilities, scope / 4)
    assert fit_min_scope(low, np.arange(151) < 101, np.ones(151)) == MIN_SCOPE


def test_a_stage_that_agrees_with_the_next_answers_everything_in_scope(
    random: np.random.Generator,
) -> None:
    columns = random.integers(0, LABELS, 500)
    outputs = _outputs(random, columns, 0.4)

    assert fit_min_margin(outputs, 0.5, outputs, np.ones(500)) == 0


def test_a_stage_that_is_confidently_wrong_answers_nothing() -> None:
    own = StageOutputs(np.array([[0.9, 0.1]] * 200), np.ones(200))
    later = StageOutputs(np.array([[0.1, 0.9]] * 200), np.ones(200))

    assert fit_min_margin(own, 0.5, later, np.ones(200)) == 1
