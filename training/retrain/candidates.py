"""Fit new heads to the champion's encoders."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, Thresholds
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS
from training.config import NoProgress, Progress, ReviewTarget, TrainingConfig
from training.data.examples import Example, InvalidExamples
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


_SHOWN = 5


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
    examples = select_examples(data.examples, catalogue)
    base = base_from_artifact(champion)
    try:
        result = train(examples, base, folder, config, progress or NoProgress())
    except InvalidExamples as error:
        reasons = (str(error), describe_left_out(data.examples, catalogue))
        raise InvalidExamples(" ".join(filter(None, reasons))) from None
    return Candidate(ModelArtifact.load(folder), _write_card(result, folder), result.omitted_stages)


def select_examples(examples: Sequence[Example], catalogue: Collection[str]) -> list[Example]:
    """Return the examples of intents in the catalogue, and of what is out of scope."""
    known = OUT_OF_SCOPE_LABELS.union(catalogue)
    return [example for example in examples if example.label in known]


def describe_left_out(examples: Sequence[Example], catalogue: Collection[str]) -> str | None:
    """Say how many examples have a label that is no intent, or return None where all have one.

    A label with white space may be a message, and is not named.
    """
    known = OUT_OF_SCOPE_LABELS.union(catalogue)
    counts = Counter(each.label for each in examples if each.label not in known)
    if not counts:
        return None
    labels = [label for label, _ in counts.most_common() if not re.search(r"\s", label)]
    more = len(counts) - len(labels[:_SHOWN])
    named = ", ".join([*labels[:_SHOWN], *([f"{more:,} more"] if more else [])])
    return (
        f"{counts.total():,} examples were left out, since the catalogue has no intent in use with "
        f"their labels: {named}."
    )


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
