"""Train a model from examples and write the artifact that the functions serve."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.model_artifact import Manifest
from prompt_capture.domain.redaction import redact
from training.artifact import CalibratedStage, Facts, write_artifact
from training.bases import Base
from training.calibrate import StageCalibration, calibrate
from training.clause_calibration import cut
from training.examples import Example, InvalidExamples, grouping_key, prepared
from training.head import Floats
from training.held_back import ClauseScores, HeldBack, StageScores
from training.learners import Learner, learner
from training.modes import Mode
from training.predictions import Predictions
from training.progress import Progress, Silent
from training.scope import Scope, likeness, mean_embeddings, split_labels
from training.stages import FittedStage
from training.unlabelled import MAX_TEXTS

FOLDS = 5
MIN_UNSEEN = 100
"""Examples that the base was not tuned to, below which the others are held back as well."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    `head` fits new heads to the stages of the base; `student` makes a small static model of its
    encoder; `full` tunes the encoder too and puts such a student before it. `unlabelled` texts
    teach as well, by what the labelled ones say of them. The version starts with `name`.
    """

    mode: Mode = "head"
    unlabelled: Sequence[str] = ()
    name: str = "model"
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """The manifest of what was written, and the answers for examples while they were held back.

    None where there were too few examples to hold any back. `is_honest` says that the base's
    encoders had not been tuned to those examples: otherwise the model will be too sure of itself.
    """

    manifest: Manifest
    predictions: Predictions | None
    is_honest: bool


def train(
    examples: Sequence[Example],
    base: Base,
    out: Path,
    plan: Plan = Plan(),
    progress: Progress | None = None,
) -> Trained:
    """Train, calibrate on examples that were held back, and write the artifact to `out`.

    Examples are held back in turn (`head`), or a fifth of them once (the other modes); the model
    that is written has then learned from all. Copies of a text count once. The same examples and
    seed give the same files on one kind of machine, in whichever order the examples come. What
    service takes out of a message before the model sees it is taken out here too. Raises
    `InvalidExamples`.
    """
    kept = prepared(examples)
    texts, labels = _parted(kept)
    if len(np.unique(labels)) < 2:
        raise InvalidExamples("A model needs examples of at least two intents.")
    unlabelled = _without(plan.unlabelled, texts, plan.seed)
    learn = learner(plan.mode, base, unlabelled, plan.seed, progress or Silent())
    unseen = ~base.seen.among(texts)
    enough = unseen.sum() >= MIN_UNSEEN
    folds = _folds(labels, unseen if enough else np.ones(len(texts), bool), plan.seed)
    held = _hold_back_in_turn(learn, kept, folds, plan.seed)
    calibrated = calibrate(held) if held else None
    stages = [
        _calibrated(stage, texts, labels, calibrated.stages[place] if calibrated else None)
        for place, stage in enumerate(learn.fit(texts, labels))
    ]
    seen = base.seen.with_texts(texts) if learn.tunes else base.seen
    facts = Facts(plan.name, base.notice, kept, seen)
    manifest = write_artifact(out, facts, stages, calibrated)
    predictions = calibrated.predictions if calibrated else None
    return Trained(manifest, predictions, is_honest=bool(enough))


def _parted(examples: Sequence[Example]) -> tuple[list[str], NDArray[np.str_]]:
    """Answer the texts, and their labels [texts]."""
    return [example.text for example in examples], np.array([one.label for one in examples])


def _without(unlabelled: Sequence[str], texts: Sequence[str], seed: int) -> list[str]:
    """Answer each unlabelled text once that has no label either; a random part of very many."""
    known = {grouping_key(text) for text in texts}
    seen = sorted(redact(text) for text in unlabelled)
    new = {key: text for text in seen if (key := grouping_key(text)) not in known}
    others = list(new.values())
    if len(others) <= MAX_TEXTS:
        return others
    chosen = np.random.default_rng(seed).choice(len(others), MAX_TEXTS, replace=False)
    return [others[place] for place in np.sort(chosen)]


def _hold_back_in_turn(
    learn: Learner, examples: Sequence[Example], folds: NDArray[np.int_], seed: int
) -> HeldBack | None:
    """Answer what the learner says of examples that it was not given, fold by fold."""

    def turn(fold: int) -> HeldBack:
        given, labels = _parted(
            [one for one, at in zip(examples, folds, strict=True) if at != fold]
        )
        held_back = [one for one, at in zip(examples, folds, strict=True) if at == fold]
        asked, truth = _parted(held_back)
        stages = learn.fit(given, labels)
        means = [
            mean_embeddings(stage.head, stage.encoder.embed(given), labels) for stage in stages
        ]

        def scores(texts: Sequence[str]) -> list[StageScores]:
            return [_score(*each, texts) for each in zip(stages, means, strict=True)]

        clauses = cut(held_back, seed)
        return HeldBack(
            asked,
            truth,
            stages[-1].head.labels,
            scores(asked),
            ClauseScores(clauses.intents, scores(clauses.texts)),
        )

    with ThreadPoolExecutor(learn.at_once) as threads:
        turns = list(threads.map(turn, [f for f in range(learn.trials) if (folds == f).any()]))
    return HeldBack.joined(turns) if turns else None


def _score(stage: FittedStage, means: Floats, asked: Sequence[str]) -> StageScores:
    embeddings = stage.encoder.embed(asked)
    return StageScores(stage.head.logits(embeddings), likeness(embeddings, means))


def _calibrated(
    stage: FittedStage,
    texts: Sequence[str],
    labels: NDArray[np.str_],
    calibration: StageCalibration | None,
) -> CalibratedStage:
    inside, outside = split_labels(stage.head.labels)
    known = calibration or StageCalibration.unknown(3 if len(outside) else 2)
    means = mean_embeddings(stage.head, stage.encoder.embed(texts), labels)
    scope = Scope(inside, outside, means, known.scope_weights, known.scope_bias)
    return CalibratedStage(stage, known, scope)


def _folds(labels: NDArray[np.str_], may_be_held: NDArray[np.bool_], seed: int) -> NDArray[np.int_]:
    """Share each label's examples out to the folds; -1 for what is never held back.

    That is what may not be, and labels with fewer examples than there are folds.
    """
    random = np.random.default_rng(seed)
    folds = np.full(len(labels), -1)
    for label in np.unique(labels):
        (rows,) = np.nonzero((labels == label) & may_be_held)
        if (labels == label).sum() >= FOLDS:
            folds[random.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return folds
