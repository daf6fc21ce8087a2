"""The real predictions that trials resample: of the shipped model and of a retrained one."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.gate.population import Population
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.evaluation import DecidedText
from training.build import UTTERANCES
from training.config import Progress, TrainingConfig
from training.data.examples import Example
from training.data.reading import read_examples, read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource
from training.fit.encoders import base_from_artifact
from training.gate.evidence import EvidenceText, pair_evidence
from training.report.evaluation import evaluate_models
from training.train import train

SHIPPED = Path("model_artifacts/assistant")
HELD_OUT = Path("training/data/heldout")
UTTERANCES_TO_LEARN = 500
"""With heads that learnt so few utterances, the models differ on about 8% of the messages."""


def predict_population(progress: Progress) -> Population:
    """Retrain the shipped model on few utterances, and predict the held-out ones with both."""
    examples = read_examples([HELD_OUT])
    shipped = ModelArtifact.load(SHIPPED)
    with TemporaryDirectory() as folder:
        retrained = _retrain(shipped, Path(folder) / "retrained", progress)
        models = [OnnxClassifier(artifact) for artifact in (retrained, shipped)]
        (new, _), (old, _) = evaluate_models(models, examples, progress.step("Classifying"))
    intents = tuple(sorted({*new.labels, *old.labels}))
    numbers = {intent: number for number, intent in enumerate(intents)}
    return Population(
        pair_evidence([_as_evidence(example) for example in examples], new, old),
        intents,
        np.array([numbers[intent] for intent in new.predicted.tolist()]),
        np.array([numbers[intent] for intent in old.predicted.tolist()]),
    )


def _retrain(shipped: ModelArtifact, folder: Path, progress: Progress) -> ModelArtifact:
    sources = [DataSource(path) for path in UTTERANCES]
    examples = [each.example for each in read_sources(sources, Remarks())]
    rows = np.random.default_rng(0).choice(len(examples), UTTERANCES_TO_LEARN, replace=False)
    config = TrainingConfig("head", distils_student=False)
    learnt = [examples[row] for row in rows.tolist()]
    train(learnt, base_from_artifact(shipped), folder, config, progress)
    return ModelArtifact.load(folder)


def _as_evidence(example: Example) -> EvidenceText:
    decided = DecidedText("", example.text, example.label, reviewers=(), sender=None)
    return EvidenceText(decided, "gold")
