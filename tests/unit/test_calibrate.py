"""Scope, thresholds and escalation: measured on held-back examples, and served as measured."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from scipy.special import softmax

from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate import calibrate, metrics, thresholds
from training.calibration import confidence_for_precision
from training.head import Head, in_steps
from training.held_back import ClauseScores, HeldBack, StageScores
from training.outputs import attach_outputs
from training.predictions import Predictions
from training.scope import Scope, likeness, mean_embeddings, shaded, split_labels
from training.unlabelled import guesses

LABELS = ("email", "greeting", "unknown")
WIDTH = 5


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def _identity() -> onnx.ModelProto:
    """A graph that answers the embedding that it is given."""
    given = helper.make_tensor_value_info("given", TensorProto.FLOAT, [1, WIDTH])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, WIDTH])
    node = helper.make_node("Identity", ["given"], ["embedding"])
    graph = helper.make_graph([node], "identity", [given], [embedding])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:2]])
def test_the_graph_answers_the_head_and_the_scope(
    random: np.random.Generator, labels: tuple[str, ...]
) -> None:
    weights = random.normal(0, 1, (WIDTH, len(labels)))
    head = Head(labels, weights, random.normal(0, 1, len(labels))).in_steps()
    inside, outside = split_labels(labels)
    means = mean_embeddings(head, random.normal(0, 1, (9, WIDTH)), np.array(labels * 9)[:9])
    scope = Scope(inside, outside, means, random.normal(0, 1, 2 + bool(len(outside))), -2.0)
    embedding = random.normal(0, 1, (1, WIDTH)).astype(np.float32)

    once = attach_outputs(_identity(), head, scope)
    twice = attach_outputs(once, head, scope)

    onnx.checker.check_model(twice)
    assert twice == once
    run: Any = ReferenceEvaluator(twice).run
    probabilities, served = run(["probabilities", "scope"], {"given": embedding})
    logits = head.logits(embedding)
    expected = scope.score(logits, embedding)
    assert np.allclose(served, expected, atol=1e-5)
    assert np.allclose(probabilities, shaded(softmax(logits, axis=1), expected, outside), atol=1e-5)


def test_in_doubt_of_scope_a_model_without_a_label_for_it_is_less_confident() -> None:
    probabilities, scope = np.array([[0.9, 0.1]] * 3), np.array([0.0, 0.3, 0.7])

    lowered = shaded(probabilities, scope, np.array([], int))

    assert lowered[:, 0] == pytest.approx([0.45, 0.72, 0.9])
    assert np.array_equal(shaded(probabilities, scope, np.array([1])), probabilities)


def test_weights_in_steps_stay_as_they_are(random: np.random.Generator) -> None:
    matrix = random.normal(0, 1, (40, 3))
    once = in_steps(matrix)

    assert np.abs(once - matrix).max() <= np.abs(matrix).max() / 254 + 1e-6
    assert np.allclose(in_steps(once), once, rtol=1e-6)


def _held_back(random: np.random.Generator, noise: float, n: int = 600) -> HeldBack:
    """A weak stage and a strong one, and messages for nobody that look less like any intent."""
    truth = np.array(LABELS)[np.arange(n) % 3]
    right = np.eye(3)[np.arange(n) % 3] * 4
    near = np.where(truth == "unknown", 0.3, 0.8) + random.normal(0, 0.05, n)
    stages = [
        StageScores(right + random.normal(0, spread, (n, 3)), near) for spread in (noise, 1.0)
    ]
    clauses = ClauseScores([frozenset([label]) for label in truth], stages)
    return HeldBack([str(place) for place in range(n)], truth, LABELS, stages, clauses)


def test_of_the_messages_in_scope_at_least_95_percent_score_above_a_half(
    random: np.random.Generator,
) -> None:
    predictions = calibrate(_held_back(random, noise=1)).predictions

    inside = predictions.scope[predictions.in_scope]
    assert (inside >= MIN_SCOPE).mean() >= 0.95
    assert (predictions.scope[~predictions.in_scope] < MIN_SCOPE).mean() > 0.9


def test_a_weak_stage_leaves_more_to_the_next_than_a_strong_one(
    random: np.random.Generator,
) -> None:
    noisy = calibrate(_held_back(random, noise=4))
    weak, last = noisy.stages
    strong, _ = calibrate(_held_back(random, noise=1)).stages

    assert weak.min_margin > strong.min_margin
    assert weak.min_scope == MIN_SCOPE
    assert (last.min_margin, last.min_scope) == (0, 0)
    assert metrics(noisy.predictions)["accuracy"] > 0.95


def test_a_threshold_keeps_the_precision_or_there_is_none() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6])

    assert confidence_for_precision(confidences, np.array([1, 1, 0, 1], bool), 1.0) == 0.8
    assert confidence_for_precision(confidences, np.array([1, 1, 0, 1], bool), 0.75) == 0.6
    assert confidence_for_precision(confidences, np.zeros(4, bool), 0.5) is None


def test_an_intent_with_few_answers_has_no_threshold_of_its_own(
    random: np.random.Generator,
) -> None:
    truth = np.array(["email"] * 60 + ["greeting"] * 5)
    right = np.array([[0.9, 0.1]] * 60 + [[0.1, 0.9]] * 5)
    predictions = Predictions(["x"] * 65, truth, ("email", "greeting"), right, np.ones(65))

    found = thresholds(predictions)

    assert found.overall == 0.9
    assert dict(found.per_intent) == {"email": 0.9}


def test_labels_spread_to_the_unlabelled_texts_beside_them(random: np.random.Generator) -> None:
    centres = np.array([[5.0, 0, 0], [0, 5.0, 0]])
    labelled = centres + random.normal(0, 0.1, (2, 3))
    unlabelled = np.repeat(centres, 20, axis=0) + random.normal(0, 0.5, (40, 3))
    head = Head(("a", "b"), np.zeros((3, 2)), np.zeros(2))

    shares = guesses(head, labelled, np.array(["a", "b"]), unlabelled)

    assert shares.shape == (40, 2)
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares.argmax(axis=1) == np.repeat([0, 1], 20)).all()


def test_likeness_is_the_cosine_to_the_nearest_mean() -> None:
    means = np.array([[1.0, 0], [0, 1]])

    assert likeness(np.array([[3.0, 4]]), means)[0] == pytest.approx(0.8)
