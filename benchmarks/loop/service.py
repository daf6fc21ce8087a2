"""The model of the moment: trained as `prompt-capture train` does, and asked as the function is."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop.cached_encoder import CachedClassifier
from prompt_capture.adapters.onnx.classifier import intent_mask
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.predictions import Prediction
from prompt_capture.workflows.detect_intent import IntentDetector
from training.config import TrainingConfig
from training.data.examples import Example
from training.fit.encoders import BaseEncoders, base_from_artifact
from training.train import train


@dataclass(frozen=True)
class ServedClassifier:
    """A model that answers messages. `reported` is the accuracy in its manifest, if it has one."""

    version: str
    reported: float | None
    detector: IntentDetector
    _answers: dict[str, Prediction] = field(default_factory=dict)

    def answer(self, texts: Sequence[str]) -> list[Prediction]:
        """Return what callers get for the texts, in order. The runs of a first model share it."""
        new = [text for text in dict.fromkeys(texts) if text not in self._answers]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            self._answers.update(zip(new, threads.map(self.detector.detect, new), strict=True))
        return [self._answers[text] for text in texts]

    def measure(self, examples: Sequence[Example]) -> "Answers":
        """Answer labelled messages."""
        predictions = self.answer([example.text for example in examples])
        truth = np.array([example.label for example in examples])
        return Answers(
            np.array([prediction.intent for prediction in predictions]) == truth,
            np.array([prediction.confidence for prediction in predictions]),
            intent_mask(truth),
        )


@dataclass(frozen=True)
class Answers:
    """Answers to n labelled messages: `correct` [n], `confidences` [n] and `in_scope` [n]."""

    correct: NDArray[np.bool_]
    confidences: NDArray[np.floating]
    in_scope: NDArray[np.bool_]


def load_encoder(model: Path) -> BaseEncoders:
    """Load the last encoder of a model alone.

    A student before it makes answers faster and training several times as long; the accuracy is
    that of the encoder, less a tenth of a point at most.
    """
    base = base_from_artifact(ModelArtifact.load(model))
    *_, name = base.encoders
    return BaseEncoders({name: base.last_encoder}, base.base_model, base.fingerprint)


def train_service(
    examples: Sequence[Example], base: BaseEncoders, folder: Path
) -> ServedClassifier:
    """Train a model, write it to `folder`, and load it."""
    config = TrainingConfig(name="loop", distils_student=False)
    manifest = train(examples, base, folder, config).manifest
    classifier = CachedClassifier(ModelArtifact.load(folder), base.last_encoder)
    return ServedClassifier(
        manifest.version, manifest.metrics.get("accuracy"), IntentDetector(classifier)
    )
