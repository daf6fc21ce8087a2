"""Calibration on held-out examples: scope, thresholds, escalation, and the served graph."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from scipy.special import softmax

from prompt_capture.domain.predictions import MIN_SCOPE
from training.artifact import attach_outputs, manifest_metrics
from training.calibrate.cascade import (
    ClauseScores,
    OutOfFoldScores,
    StageScores,
    calibrate,
)
from training.calibrate.scope import (
    ScopeScorer,
    intent_centroids,
    max_similarity,
    shade,
    split_columns,
)
from training.fit.heads import Head, pseudo_label, round_to_int8

LABELS = ("email", "greeting", "unknown")
WIDTH = 5


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def _identity() -> onnx.ModelProto:
    """Return a graph whose output `embedding` is its input `given`."""
    given = helper.make_tensor_value_info("given", TensorProto.FLOAT, [1, WIDTH])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, WIDTH])
    node = helper.make_node("Identity", ["given"], ["embedding"])
    graph = helper.make_graph([node], "identity", [given], [embedding])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:2]])
def test_the_graph_computes_the_head_and_the_scope(
    random: np.random.Generator, labels: tuple[str, ...]
) -> None:
    weights = random.normal(0, 1, (WIDTH, len(labels)))
    head = Head(labels, weights, random.normal(0, 1, len(labels))).round_to_int8()
    in_scope, out_of_scope = split_columns(labels)
    centroids = intent_centroids(head, random.normal(0, 1, (9, WIDTH)), np.array(labels * 9)[:9])
    scope_weights = random.normal(0, 1, 2 + bool(len(out_of_scope)))
    scope = ScopeScorer(in_scope, out_of_scope, centroids, scope_weights, -2.0)
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
    assert np.allclose(
        probabilities, shade(softmax(logits, axis=1), expected, out_of_scope), atol=1e-5
    )


def test_shading_applies_only_to_a_model_without_out_of_scope_labels() -> None:
    probabilities, scope = np.array([[0.9, 0.1]] * 3), np.array([0.0, 0.3, 0.7])

    shaded = shade(probabilities, scope, np.array([], int))

    assert shaded[:, 0] == pytest.approx([0.45, 0.72, 0.9])
    assert np.array_equal(shade(probabilities, scope, np.array([1])), probabilities)


def test_rounded_weights_do_not_change_when_rounded_again(random: np.random.Generator) -> None:
    matrix = random.normal(0, 1, (40, 3))
    once = round_to_int8(matrix)

    assert np.abs(once - matrix).max() <= np.abs(matrix).max() / 254 + 1e-6
    assert np.allclose(round_to_int8(once), once, rtol=1e-6)


def _make_scores(random: np.random.Generator, noise: float, n: int = 600) -> OutOfFoldScores:
    """Return the scores of a weak and a strong stage; out-of-scope messages are less similar."""
    truth = np.array(LABELS)[np.arange(n) % 3]
    correct = np.eye(3)[np.arange(n) % 3] * 4
    similarity = np.where(truth == "unknown", 0.3, 0.8) + random.normal(0, 0.05, n)
    stages = [
        StageScores(correct + random.normal(0, spread, (n, 3)), similarity)
        for spread in (noise, 1.0)
    ]
    clauses = ClauseScores([frozenset([label]) for label in truth], stages)
    return OutOfFoldScores([str(index) for index in range(n)], truth, LABELS, stages, clauses)


def test_at_least_95_percent_of_in_scope_messages_reach_the_scope_threshold(
    random: np.random.Generator,
) -> None:
    predictions = calibrate(_make_scores(random, noise=1)).predictions

    in_scope = predictions.scope[predictions.in_scope]
    assert (in_scope >= MIN_SCOPE).mean() >= 0.95
    assert (predictions.scope[~predictions.in_scope] < MIN_SCOPE).mean() > 0.9


def test_a_weak_stage_escalates_more_messages_than_a_strong_one(
    random: np.random.Generator,
) -> None:
    noisy = calibrate(_make_scores(random, noise=4))
    weak, last = noisy.stages
    strong, _ = calibrate(_make_scores(random, noise=1)).stages

    assert weak.min_margin > strong.min_margin
    assert weak.min_scope == MIN_SCOPE
    assert (last.min_margin, last.min_scope) == (0, 0)
    assert manifest_metrics(noisy.predictions)["accuracy"] > 0.95


def test_labels_spread_to_similar_unlabelled_texts(random: np.random.Generator) -> None:
    centres = np.array([[5.0, 0, 0], [0, 5.0, 0]])
    labelled = centres + random.normal(0, 0.1, (2, 3))
    unlabelled = np.repeat(centres, 20, axis=0) + random.normal(0, 0.5, (40, 3))
    head = Head(("a", "b"), np.zeros((3, 2)), np.zeros(2))

    probabilities = pseudo_label(head, labelled, np.array(["a", "b"]), unlabelled)

    assert probabilities.shape == (40, 2)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == np.repeat([0, 1], 20)).all()


def test_similarity_is_the_cosine_to_the_nearest_centroid() -> None:
    centroids = np.array([[1.0, 0], [0, 1]])

    assert max_similarity(np.array([[3.0, 4]]), centroids)[0] == pytest.approx(0.8)
