"""Fit new heads to the champion's encoders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, Thresholds
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS
from training.config import NoProgress, Progress, ReviewTarget, TrainingConfig
from training.data.examples import Example
from training.fit.encoders import base_from_artifact
from training.report.card import describe_sample, write_card
from training.retrain.datasets import RetrainingData
from training.train import TrainingResult, train

CARD = "card.html"


@dataclass(frozen=True)
class Candidate:
    """A trained candidate: its artifact, its card, and how many stages it lacks of the champion."""

    artifact: ModelArtifact
    card: bytes
    omitted_stages: int


def fit_candidate(
    champion: ModelArtifact,
    data: RetrainingData,
    catalogue: Collection[str],
    folder: Path,
    name: str = "assistant",
    progress: Progress | None = None,
) -> Candidate:
    """Fit new heads for all stages of the champion, without those that no longer fit.

    The same data, champion and code give the same files, and so the same version. Examples whose
    intent is not in the catalogue are left out. The card shows no message. Raise `InvalidExamples`.
    """
    config = TrainingConfig(
        name=name,
        review_target=review_target(champion.manifest.thresholds),
        distils_student=False,
        datasets=data.datasets,
        omits_misfits=True,
    )
    examples = select_examples([each.example for each in data.located], catalogue)
    base = base_from_artifact(champion)
    result = train(examples, base, folder, config, progress or NoProgress())
    return Candidate(ModelArtifact.load(folder), _write_card(result, folder), result.omitted_stages)


def select_examples(examples: Sequence[Example], catalogue: Collection[str]) -> list[Example]:
    """Return the examples of intents in the catalogue, and of what is out of scope."""
    known = OUT_OF_SCOPE_LABELS.union(catalogue)
    return [example for example in examples if example.label in known]


def review_target(thresholds: Thresholds | None) -> ReviewTarget | None:
    """Return the target of thresholds that decide what needs a review, or None."""
    if thresholds is None or not thresholds.decide_review:
        return None
    if thresholds.target_precision is not None:
        return ReviewTarget("precision", thresholds.target_precision)
    assert thresholds.target_recall is not None  # noqa: S101 - thresholds have one target
    return ReviewTarget("recall", thresholds.target_recall)


def _write_card(result: TrainingResult, folder: Path) -> bytes:
    file = folder.with_name(f"{folder.name}-{CARD}")
    write_card(
        file,
        result.manifest,
        result.predictions,
        evaluated_on=f"{describe_sample(result.manifest)}, each held out when it was classified",
        include_texts=False,
    )
    return file.read_bytes()
