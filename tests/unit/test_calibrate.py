"""Calibration on held-out examples: scope, thresholds, escalation, and the served graph."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from scipy.special import expit, softmax

from prompt_capture.adapters.onnx.model_artifact import EXTERNAL_DATA_KEY
from prompt_capture.domain.predictions import MIN_SCOPE
from training.artifact import manifest_metrics
from training.calibrate.cascade import (
    CascadeCalibration,
    ClauseScores,
    OutOfFoldScores,
    StageScores,
    calibrate,
)
from training.calibrate.confidence import expected_calibration_error
from training.calibrate.fitting_stages import MIN_ANSWERED, calibrate_fitting_stages
from training.calibrate.prototypes import (
    MAX_CLUSTERED,
    Prototypes,
    fit_prototypes,
    select_examples,
)
from training.calibrate.samples import HeldOutOrigins
from training.calibrate.scope import (
    ScopeScorer,
    ScopeWeights,
    count_features,
    fit_scope,
    label_probabilities,
    typical_scope,
    unmeasured_scope,
)
from training.fit.heads import Head, pseudo_label, round_to_int8
from training.head_graph import head_graph
from training.report.evaluation import CONFIDENT

LABELS = ("email", "greeting", "unknown")
WIDTH = 5


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("labels", "is_calibrated"), [(LABELS, True), (LABELS, False), (LABELS[:2], False)]
)
@pytest.mark.parametrize(
    ("bias", "typical"), [(-2.0, 0.0), (-60.0, 1.0), (0.0, 1.0), (2.0, 0.5), (3.0, 1.0)]
)
@pytest.mark.parametrize("deep_width", [WIDTH, 2])
def test_the_graph_computes_the_head_and_the_scope(
    random: np.random.Generator,
    labels: tuple[str, ...],
    is_calibrated: bool,
    bias: float,
    typical: float,
    deep_width: int,
) -> None:
    weights = random.normal(0, 4, (WIDTH, len(labels)))
    head = Head(labels, weights, random.normal(0, 1, len(labels))).round_to_int8()
    deep = random.normal(0, 1, (90, deep_width))
    prototypes = fit_prototypes(deep, np.array(labels * 45)[:90], 0)
    fitted = ScopeWeights(
        random.uniform(0, 0.2, count_features(labels)), bias, is_calibrated, typical
    )
    scope = ScopeScorer(labels, prototypes, fitted)
    embedding = random.normal(0, 1, (1, WIDTH)).astype(np.float32)

    graph = head_graph(head, scope, "0" * 64)

    onnx.checker.check_model(graph)
    run: Any = ReferenceEvaluator(graph).run
    probabilities, served = run(["probabilities", "scope"], {"embedding": embedding})
    logits = head.logits(embedding)
    expected = scope.score(logits, embedding)
    assert np.isfinite(probabilities).all()
    assert np.allclose(served, expected, atol=1e-5)
    assert np.allclose(
        probabilities, label_probabilities(logits, expected, labels, fitted), atol=1e-5
    )


def test_a_head_may_have_any_labels() -> None:
    labels = ("location", "share_location")
    head = Head(labels, np.ones((WIDTH, 2)), np.ones(2)).round_to_int8()
    prototypes = fit_prototypes(np.eye(4, WIDTH), np.array(labels * 2), 0)
    fitted = ScopeWeights(np.ones(count_features(labels)), 0.0, is_calibrated=False)

    content = head_graph(head, ScopeScorer(labels, prototypes, fitted), "0" * 64)

    assert EXTERNAL_DATA_KEY not in content.SerializeToString()


def test_shading_lowers_the_confidence_where_the_scope_is_low() -> None:
    logits, labels = np.log([[0.9, 0.1]] * 3), ("email", "greeting")
    fitted = ScopeWeights(np.zeros(2), 0.0, is_calibrated=False)

    shaded = label_probabilities(logits, np.array([0.0, 0.3, 0.7]), labels, fitted)

    assert shaded[:, 0] == pytest.approx([0.45, 0.72, 0.9])


def test_the_calibrated_scope_alone_decides_whether_a_message_is_out_of_scope() -> None:
    logits = np.array([[2.0, 0.0, 9.0], [2.0, 1.5, -9.0]])
    fitted = ScopeWeights(np.zeros(4), 0.0, is_calibrated=True)

    high, low = label_probabilities(logits, np.array([0.55, 0.45]), LABELS, fitted)

    assert high.argmax() == 0
    assert high[0] == pytest.approx(0.55 * expit(2.0))
    assert low.argmax() == LABELS.index("unknown")
    assert low[2] == pytest.approx(0.55)


def test_without_a_calibrated_scope_all_labels_compete() -> None:
    logits = np.array([[2.0, 0.0, 9.0]])

    fitted = ScopeWeights(np.zeros(4), 0.0, is_calibrated=False)

    probabilities = label_probabilities(logits, np.array([0.9]), LABELS, fitted)

    assert np.allclose(probabilities, softmax(logits, axis=1))


@pytest.mark.parametrize("labels", [LABELS, LABELS[:2]])
@pytest.mark.parametrize("is_calibrated", [True, False])
def test_no_intent_is_confident_for_a_message_unlike_the_sample(
    labels: tuple[str, ...], is_calibrated: bool
) -> None:
    logits, scope = np.array([[9.0, 0.0, -9.0][: len(labels)]] * 2), np.array([0.97, 0.99])
    fitted = ScopeWeights(np.zeros(4), 0.0, is_calibrated, typical=0.98)

    unlike, like = label_probabilities(logits, scope, labels, fitted)

    assert unlike.argmax() == like.argmax() == 0
    assert unlike.max() < CONFIDENT < like.max()


def test_a_model_without_a_fair_sample_is_never_confident() -> None:
    fitted = unmeasured_scope(LABELS)
    features = np.zeros((1, count_features(LABELS)))

    (probabilities,) = label_probabilities(
        np.array([[9.0, 0.0, -9.0]]), fitted.score(features), LABELS, fitted
    )

    assert 0.8 < probabilities[0] < CONFIDENT


def test_few_seeds_show_less_than_many(random: np.random.Generator) -> None:
    scope = random.random(2_000)
    few = np.arange(2_000) < 200

    assert typical_scope(scope, few) > typical_scope(scope, np.ones(2_000, bool))
    assert typical_scope(scope, np.zeros(2_000, bool)) == 1


def _make_scope_features(
    random: np.random.Generator, n: int, in_scope_share: float
) -> tuple[np.ndarray, np.ndarray]:
    in_scope = random.random(n) < in_scope_share
    return random.normal(0, 1, (n, 2)) + 1.5 * in_scope[:, None], in_scope


def test_a_fair_sample_calibrates_the_scope(random: np.random.Generator) -> None:
    features, in_scope = _make_scope_features(random, 2_000, 0.3)

    fitted = fit_scope(features[:1_000], in_scope[:1_000], [np.ones(1_000)])

    scope = fitted.score(features[1_000:])
    assert fitted.is_calibrated
    assert expected_calibration_error(scope, in_scope[1_000:]) < 0.06


def test_examples_outside_the_sample_do_not_change_the_scope(random: np.random.Generator) -> None:
    features, in_scope = _make_scope_features(random, 400, 0.5)
    sample = (np.arange(400) < 200).astype(float)
    alone = fit_scope(features[:200], in_scope[:200], [np.ones(200)])

    fitted = fit_scope(features, in_scope, [sample, np.ones(400)])

    assert np.allclose(fitted.weights, alone.weights)
    assert fitted.bias == pytest.approx(alone.bias)


def test_no_feature_lowers_the_scope_where_it_rises(random: np.random.Generator) -> None:
    features, in_scope = _make_scope_features(random, 500, 0.5)

    fitted = fit_scope(
        np.stack([features[:, 0], -features[:, 1]], axis=1), in_scope, [np.ones(500)]
    )

    assert fitted.weights[0] > 0
    assert fitted.weights[1] == 0


def test_a_scope_without_evidence_keeps_95_percent_in_scope(random: np.random.Generator) -> None:
    features, _ = _make_scope_features(random, 1_000, 1.0)

    fitted = fit_scope(features, np.ones(1_000, bool), [np.ones(1_000)])

    assert not fitted.is_calibrated
    assert (fitted.score(features) >= MIN_SCOPE).mean() == pytest.approx(0.95, abs=0.005)


def test_rounded_weights_do_not_change_when_rounded_again(random: np.random.Generator) -> None:
    matrix = random.normal(0, 1, (40, 3))
    once = round_to_int8(matrix)

    assert np.abs(once - matrix).max() <= np.abs(matrix).max() / 254 + 1e-6
    assert np.allclose(round_to_int8(once), once, rtol=1e-6)


def _make_scores(random: np.random.Generator, noise: float, n: int = 600) -> OutOfFoldScores:
    """Return the scores of a weak and a strong stage; out-of-scope messages are less similar."""
    truth = np.array(LABELS)[np.arange(n) % 3]
    correct = np.eye(3)[np.arange(n) % 3] * 4
    nearness = np.where(truth == "unknown", 0.3, 0.8) + random.normal(0, 0.05, n)
    similarity = np.stack([nearness, 1 - nearness], axis=1)
    stages = [
        StageScores(correct + random.normal(0, spread, (n, 3)), similarity)
        for spread in (noise, 1.0)
    ]
    clauses = ClauseScores([frozenset([label]) for label in truth], stages)
    origins = HeldOutOrigins.all_seeds(n)
    return OutOfFoldScores(
        [str(index) for index in range(n)], truth, LABELS, stages, clauses, origins
    )


def _calibrate(scores: OutOfFoldScores) -> CascadeCalibration:
    calibration = calibrate(scores)
    assert calibration is not None
    return calibration


def test_a_student_that_fits_stays_in_the_cascade(random: np.random.Generator) -> None:
    calibration = calibrate_fitting_stages(_make_scores(random, noise=1))

    assert calibration is not None
    assert len(calibration.stages) == 2
    assert calibration.answered_early >= MIN_ANSWERED


def test_a_student_that_no_longer_fits_is_left_out(random: np.random.Generator) -> None:
    scores = _make_scores(random, noise=40)
    cascade = _calibrate(scores)
    assert cascade.answered_early < MIN_ANSWERED

    calibration = calibrate_fitting_stages(scores)

    assert calibration is not None
    assert len(calibration.stages) == 1
    assert (
        calibration.predictions.accuracy == _calibrate(scores.of_last_stage()).predictions.accuracy
    )


def test_the_scope_of_a_cascade_tells_messages_out_of_scope(random: np.random.Generator) -> None:
    predictions = _calibrate(_make_scores(random, noise=1)).predictions

    in_scope = predictions.in_scope
    assert (predictions.scope[in_scope] >= MIN_SCOPE).mean() > 0.95
    assert (predictions.scope[~in_scope] < MIN_SCOPE).mean() > 0.9
    assert predictions.predicted[~in_scope].tolist().count("unknown") > 0.9 * (~in_scope).sum()


def test_a_weak_stage_escalates_more_messages_than_a_strong_one(
    random: np.random.Generator,
) -> None:
    noisy = _calibrate(_make_scores(random, noise=4))
    weak, last = noisy.stages
    strong, _ = _calibrate(_make_scores(random, noise=1)).stages

    assert weak.min_margin > strong.min_margin
    assert weak.min_scope > MIN_SCOPE
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


def test_similarity_is_the_mean_cosine_of_the_last_dimensions_and_the_nearest_prototypes() -> None:
    inside = np.array([[1.0, 0], [0, 1], [0.6, 0.8], [-1, 0]])
    prototypes = Prototypes(inside, np.array([[-1.0, 0]]))

    similarity = prototypes.similarity(np.array([[9.0, 3, 4]]))

    assert similarity == pytest.approx(np.array([[(1 + 0.8 + 0.6) / 3, -0.6]]))


def test_an_intent_of_two_kinds_has_a_prototype_near_each(random: np.random.Generator) -> None:
    kinds = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    embeddings = np.repeat(kinds, 20, axis=0) + random.normal(0, 0.05, (60, 3))
    labels = np.repeat(["email", "email", "unknown"], 20)

    prototypes = fit_prototypes(embeddings, labels, 0)

    assert (prototypes.similarity(kinds[:2])[:, 0] > 0.98).all()
    assert prototypes.similarity(kinds[2:])[0, 0] < 0.2
    assert prototypes.similarity(kinds[2:])[0, 1] > 0.98
    assert np.array_equal(fit_prototypes(embeddings, labels, 0).inside, prototypes.inside)


def test_prototypes_are_those_of_a_sample_of_each_intent_and_of_the_others() -> None:
    labels = np.repeat(["email", "greeting", "unknown"], [3 * MAX_CLUSTERED, 5, MAX_CLUSTERED + 1])

    rows = select_examples(labels, 0)

    counts = dict(zip(*np.unique(labels[rows], return_counts=True), strict=True))
    assert counts == {"email": MAX_CLUSTERED, "greeting": 5, "unknown": MAX_CLUSTERED}
    assert np.array_equal(rows, np.unique(rows))
    assert np.array_equal(rows, select_examples(labels, 0))
