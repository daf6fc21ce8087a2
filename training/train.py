"""Train a model from examples, and write the artifact that the functions serve."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from prompt_capture.domain.models import TrainingRecord
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS
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
from training.calibrate.fitting_stages import calibrate_fitting_stages
from training.calibrate.predictions import Predictions
from training.calibrate.prototypes import Prototypes, fit_prototypes, select_examples
from training.calibrate.samples import MIN_AUDITED, HeldOutOrigins, find_fair_sample
from training.calibrate.scope import ScopeScorer
from training.code_version import code_version
from training.config import NoProgress, Progress, TrainingConfig
from training.data.examples import (
    Example,
    InvalidExamples,
    grouping_key,
    prepare_examples,
    separate_predicted,
)
from training.fit.encoders import BaseEncoders, FittedStage
from training.fit.heads import MAX_TEXTS
from training.fit.learners import Learner, make_learner

FOLDS = 5
MIN_HELD_OUT = 1_500
"""With this many held-out examples, another fold would not calibrate better."""
MANY_TEXTS = 50_000
"""With more texts, regressions are fitted one after the other. Each has a copy of the embeddings,
which is 0.5 GB for 100,000 texts, and uses all cores by itself."""
MIN_UNSEEN = 100
"""With fewer fair examples that the base was not tuned on, all examples may be held out."""
MIN_UNSEEN_SHARE = 0.75
"""From this share of the fair examples on, those that the base was tuned on hardly matter. Of texts
that it was not tuned on, up to one in eight matches the fingerprint by chance."""


@dataclass(frozen=True)
class TrainingResult:
    """The manifest of the model, and its calibrated out-of-fold predictions.

    `predictions` are those for the fair sample, and `held_out` those for all examples that were
    held out. Both are None where there was no fair sample: no figure was measured. `is_unbiased` is
    false where the base encoders were fine-tuned on many of the held-out examples: the metrics are
    then too high, and the model is overconfident. `renewed` is the number of texts whose predicted
    labels were renewed, and `omitted_stages` that of the stages which no longer fit.
    """

    manifest: ModelManifest
    predictions: Predictions | None
    held_out: Predictions | None
    is_unbiased: bool
    renewed: int
    omitted_stages: int = 0


def train(
    examples: Sequence[Example],
    base: BaseEncoders,
    out: Path,
    config: TrainingConfig | None = None,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train, calibrate on held-out examples, and write the artifact to `out`.

    Only the fair sample among them calibrates the model and gives its figures (see
    `find_fair_sample`). Calibration holds out folds of the examples: up to three of five in mode
    `head`, until `MIN_HELD_OUT` examples were held out, and one in the other modes. The final model
    is fitted to all examples, at the same time as the folds. Copies of a text count once, predicted
    labels are renewed (see `separate_predicted`), and texts are redacted as in service. On one type
    of machine, the same examples and seed give the same files, whatever the order of the examples.
    Raises `InvalidExamples`.
    """
    config = config or TrainingConfig()
    prepared, predicted = separate_predicted(prepare_examples(examples))
    texts, labels = _split_texts_and_labels(prepared)
    if len(np.unique(labels)) < 2:
        raise InvalidExamples("Training needs examples of at least two intents.")
    if OUT_OF_SCOPE_LABELS.issuperset(labels.tolist()):
        raise InvalidExamples(
            "Training needs examples of at least one intent. The labels "
            f"{', '.join(sorted(OUT_OF_SCOPE_LABELS))} mean that no intent applies."
        )
    unlabelled = _select_unlabelled([*config.unlabelled, *predicted], texts, config.seed)
    progress = progress or NoProgress()
    audited = np.array([example.origin == "audited" for example in prepared], bool)
    is_fair = np.array([example.is_fair for example in prepared], bool)
    unseen = ~base.fingerprint.contains(texts)
    fair, fair_unseen = is_fair.sum(), (unseen & is_fair).sum()
    has_enough = fair_unseen >= MIN_UNSEEN or audited.sum() >= MIN_AUDITED
    can_hold_out = unseen if has_enough else np.ones(len(texts), bool)
    is_unbiased = bool(has_enough or fair_unseen >= MIN_UNSEEN_SHARE * fair)
    folds = _assign_folds(labels, can_hold_out, config.seed)
    # All fits need these, and the last one then needs no copy of them.
    base.last_encoder.embed(texts, progress.step("Embedding the examples"))
    # A BLAS that divides small products among all cores spends most of its time on waiting. The
    # limit holds for the process, so that a fit must not lift it while another one runs.
    fits_at_once = 1 if len(texts) > MANY_TEXTS and not config.distils_student else os.cpu_count()
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(fits_at_once) as threads:
        learner = make_learner(config, base, texts, unlabelled, progress)
        folds[audited] = _assign_audited(labels, audited, learner.calibration_folds, config.seed)
        final = threads.submit(learner.fit, texts, labels)
        scores = _cross_validate(learner, prepared, folds, config.seed, threads)
    calibrate_stages = calibrate_fitting_stages if config.omits_misfits else calibrate
    calibration = calibrate_stages(scores) if scores else None
    fitted = final.result()
    calibrations = calibration.stages if calibration else [None] * len(fitted)
    used = fitted[-len(calibrations) :]
    stages = [
        _add_calibration(stage, texts, labels, one, config.seed)
        for stage, one in zip(used, calibrations, strict=True)
    ]
    tuned = learner.tunes_encoder
    fingerprint = base.fingerprint.with_texts(texts) if tuned else base.fingerprint
    record = TrainingRecord(
        mode=config.mode,
        seed=config.seed,
        code_version=code_version(),
        parent=base.version,
        datasets=tuple(config.datasets),
    )
    metadata = ArtifactMetadata(
        config.name,
        record,
        base.base_model,
        prepared,
        fingerprint,
        is_unbiased,
        config.review_target,
    )
    manifest = write_artifact(out, metadata, stages, calibration)
    return TrainingResult(
        manifest,
        calibration.predictions if calibration else None,
        calibration.held_out if calibration else None,
        is_unbiased,
        len(predicted),
        len(fitted) - len(used),
    )


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
    learner: Learner,
    examples: Sequence[Example],
    folds: NDArray[np.int_],
    seed: int,
    threads: ThreadPoolExecutor,
) -> OutOfFoldScores | None:
    """Hold out each fold, and score it with a model of the other examples.

    Return None, without a fit, where the folds contain no fair sample.
    """
    used = [fold for fold in range(_count_folds(learner, examples)) if (folds == fold).any()]
    all_held_out = [one for one, fold in zip(examples, folds, strict=True) if fold in used]
    if find_fair_sample(HeldOutOrigins.of(all_held_out)) is None:
        return None

    def score_fold(fold: int) -> OutOfFoldScores:
        training = [one for one, index in zip(examples, folds, strict=True) if index != fold]
        held_out = [one for one, index in zip(examples, folds, strict=True) if index == fold]
        texts, labels = _split_texts_and_labels(training)
        held_out_texts, truth = _split_texts_and_labels(held_out)
        stages = learner.fit(texts, labels)
        prototypes = [_fit_prototypes(stage, texts, labels, seed) for stage in stages]

        def score(unseen: Sequence[str]) -> list[StageScores]:
            return [_score_texts(*each, unseen) for each in zip(stages, prototypes, strict=True)]

        clauses = sample_clauses([one for one in held_out if one.is_fair], seed)
        return OutOfFoldScores(
            held_out_texts,
            truth,
            stages[-1].head.labels,
            score(held_out_texts),
            ClauseScores(clauses.intents, score(clauses.texts)),
            HeldOutOrigins.of(held_out),
        )

    return OutOfFoldScores.concatenate(list(threads.map(score_fold, used)))


def _count_folds(learner: Learner, examples: Sequence[Example]) -> int:
    """Return how many folds hold out `MIN_HELD_OUT` seeds, or all that the learner may.

    All folds are needed where there are audited examples, which are spread over them.
    """
    if any(example.origin == "audited" for example in examples):
        return learner.calibration_folds
    seeds = max(1, sum(example.is_fair for example in examples))
    return min(learner.calibration_folds, math.ceil(MIN_HELD_OUT * FOLDS / seeds))


def _score_texts(stage: FittedStage, prototypes: Prototypes, texts: Sequence[str]) -> StageScores:
    embeddings = stage.encoder.embed(texts)
    return StageScores(stage.head.logits(embeddings), prototypes.similarity(embeddings))


def _fit_prototypes(
    stage: FittedStage, texts: Sequence[str], labels: NDArray[np.str_], seed: int
) -> Prototypes:
    rows = select_examples(labels, seed)
    embeddings = stage.encoder.embed([texts[row] for row in rows])
    return fit_prototypes(embeddings[:, -stage.deep_width :], labels[rows], seed)


def _add_calibration(
    stage: FittedStage,
    texts: Sequence[str],
    labels: NDArray[np.str_],
    calibration: StageCalibration | None,
    seed: int,
) -> CalibratedStage:
    fitted = calibration or StageCalibration.without_sample(stage.head.labels)
    prototypes = _fit_prototypes(stage, texts, labels, seed)
    return CalibratedStage(stage, fitted, ScopeScorer(stage.head.labels, prototypes, fitted.scope))


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


def _assign_audited(
    labels: NDArray[np.str_], audited: NDArray[np.bool_], folds: int, seed: int
) -> NDArray[np.int_]:
    """Return the folds of the audited examples: all held out once, or half of them in one fold.

    An audit is small and the best sample, so more of it is held out than of the other examples,
    and what an encoder was tuned on too: leaving that out would leave out what users often send.
    The only example of a label stays in training (-1), so that all folds have the same labels.
    """
    random = np.random.default_rng(seed)
    assigned = np.full(len(labels), -1)
    for label in np.unique(labels[audited]):
        (rows,) = np.nonzero((labels == label) & audited)
        if (labels == label).sum() > 1:
            start = int(random.integers(max(folds, 2)))
            assigned[random.permutation(rows)] = (start + np.arange(len(rows))) % max(folds, 2)
    return assigned[audited]
