"""Train a model from examples, and write the artifact that the functions serve."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from prompt_capture.domain.redaction import redact
from training.artifact import ArtifactMetadata, CalibratedStage, write_artifact
from training.calibrate.cascade import (
    ClauseScores,
    OutOfFoldScores,
    StageCalibration,
    StageScores,
    calibrate,
)
from training.calibrate.clauses import sample_clauses
from training.calibrate.predictions import OUT_OF_SCOPE_LABELS, Predictions
from training.calibrate.scope import ScopeScorer, intent_centroids, max_similarity, split_columns
from training.config import NoProgress, Progress, TrainingConfig
from training.data.examples import Example, InvalidExamples, grouping_key, prepare_examples
from training.fit.encoders import BaseEncoders, FittedStage
from training.fit.heads import MAX_TEXTS, Floats
from training.fit.learners import Learner, make_learner

FOLDS = 5
MIN_UNSEEN = 100
"""With fewer examples that the base was not fine-tuned on, all examples may be held out."""


@dataclass(frozen=True)
class TrainingResult:
    """The manifest of the model, and its calibrated out-of-fold predictions.

    `predictions` is None where there were too few examples to hold any out. `is_unbiased` is false
    where the base encoders may have been fine-tuned on the held-out examples: the metrics are then
    too high, and the model is overconfident.
    """

    manifest: ModelManifest
    predictions: Predictions | None
    is_unbiased: bool


def train(
    examples: Sequence[Example],
    base: BaseEncoders,
    out: Path,
    config: TrainingConfig | None = None,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train, calibrate on held-out examples, and write the artifact to `out`.

    Calibration holds out folds of the examples: three of five folds in turn in mode `head`, one
    fold in the other modes. The final model is then fitted to all examples. Copies of a text count
    once, and texts are redacted as in service. On one type of machine, the same examples and seed
    give the same files, whatever the order of the examples. Raises `InvalidExamples`.
    """
    config = config or TrainingConfig()
    prepared = prepare_examples(examples)
    texts, labels = _split_texts_and_labels(prepared)
    if len(np.unique(labels)) < 2:
        raise InvalidExamples("Training needs examples of at least two intents.")
    if OUT_OF_SCOPE_LABELS.issuperset(labels.tolist()):
        raise InvalidExamples(
            "Training needs examples of at least one intent. The labels "
            f"{', '.join(sorted(OUT_OF_SCOPE_LABELS))} mean that no intent applies."
        )
    unlabelled = _select_unlabelled(config.unlabelled, texts, config.seed)
    learner = make_learner(config.mode, base, unlabelled, config.seed, progress or NoProgress())
    unseen = ~base.fingerprint.contains(texts)
    is_unbiased = bool(unseen.sum() >= MIN_UNSEEN)
    can_hold_out = unseen if is_unbiased else np.ones(len(texts), bool)
    folds = _assign_folds(labels, can_hold_out, config.seed)
    scores = _cross_validate(learner, prepared, folds, config.seed)
    calibration = calibrate(scores) if scores else None
    stages = [
        _add_calibration(stage, texts, labels, calibration.stages[index] if calibration else None)
        for index, stage in enumerate(learner.fit(texts, labels))
    ]
    tuned = learner.tunes_encoder
    fingerprint = base.fingerprint.with_texts(texts) if tuned else base.fingerprint
    metadata = ArtifactMetadata(
        config.name, base.base_model, prepared, fingerprint, config.review_target
    )
    manifest = write_artifact(out, metadata, stages, calibration)
    return TrainingResult(manifest, calibration.predictions if calibration else None, is_unbiased)


def _split_texts_and_labels(examples: Sequence[Example]) -> tuple[list[str], NDArray[np.str_]]:
    """Return the texts, and their labels [texts]."""
    return [example.text for example in examples], np.array([one.label for one in examples])


def _select_unlabelled(unlabelled: Sequence[str], texts: Sequence[str], seed: int) -> list[str]:
    """Return each unlabelled text once, without the labelled ones; sample at most `MAX_TEXTS`."""
    labelled = {grouping_key(text) for text in texts}
    redacted = sorted(redact(text) for text in unlabelled)
    by_key = {key: text for text in redacted if (key := grouping_key(text)) not in labelled}
    selected = list(by_key.values())
    if len(selected) <= MAX_TEXTS:
        return selected
    sample = np.random.default_rng(seed).choice(len(selected), MAX_TEXTS, replace=False)
    return [selected[index] for index in np.sort(sample)]


def _cross_validate(
    learner: Learner, examples: Sequence[Example], folds: NDArray[np.int_], seed: int
) -> OutOfFoldScores | None:
    """Hold out one fold after the other, and score it with a model of the other examples."""

    def score_fold(fold: int) -> OutOfFoldScores:
        training = [one for one, index in zip(examples, folds, strict=True) if index != fold]
        held_out = [one for one, index in zip(examples, folds, strict=True) if index == fold]
        texts, labels = _split_texts_and_labels(training)
        held_out_texts, truth = _split_texts_and_labels(held_out)
        stages = learner.fit(texts, labels)
        centroids = [
            intent_centroids(stage.head, stage.encoder.embed(texts), labels) for stage in stages
        ]

        def score(unseen: Sequence[str]) -> list[StageScores]:
            return [_score_texts(*each, unseen) for each in zip(stages, centroids, strict=True)]

        clauses = sample_clauses(held_out, seed)
        return OutOfFoldScores(
            held_out_texts,
            truth,
            stages[-1].head.labels,
            score(held_out_texts),
            ClauseScores(clauses.intents, score(clauses.texts)),
        )

    used = [fold for fold in range(learner.calibration_folds) if (folds == fold).any()]
    with ThreadPoolExecutor(learner.parallel_folds) as threads:
        scores = list(threads.map(score_fold, used))
    return OutOfFoldScores.concatenate(scores) if scores else None


def _score_texts(stage: FittedStage, centroids: Floats, texts: Sequence[str]) -> StageScores:
    embeddings = stage.encoder.embed(texts)
    return StageScores(stage.head.logits(embeddings), max_similarity(embeddings, centroids))


def _add_calibration(
    stage: FittedStage,
    texts: Sequence[str],
    labels: NDArray[np.str_],
    calibration: StageCalibration | None,
) -> CalibratedStage:
    in_scope, out_of_scope = split_columns(stage.head.labels)
    fitted = calibration or StageCalibration.identity(3 if len(out_of_scope) else 2)
    centroids = intent_centroids(stage.head, stage.encoder.embed(texts), labels)
    scope = ScopeScorer(in_scope, out_of_scope, centroids, fitted.scope_weights, fitted.scope_bias)
    return CalibratedStage(stage, fitted, scope)


def _assign_folds(
    labels: NDArray[np.str_], can_hold_out: NDArray[np.bool_], seed: int
) -> NDArray[np.int_]:
    """Return the fold of each example, stratified by label; -1 where it is never held out.

    Those are the examples outside `can_hold_out`, and labels with fewer examples than folds.
    """
    random = np.random.default_rng(seed)
    folds = np.full(len(labels), -1)
    for label in np.unique(labels):
        (rows,) = np.nonzero((labels == label) & can_hold_out)
        if (labels == label).sum() >= FOLDS:
            folds[random.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return folds
