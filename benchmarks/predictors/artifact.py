"""This project's own models, loaded as the functions load them."""

from pathlib import Path

from benchmarks.predictors.base import ScoredIntent
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact


class ArtifactPredictor:
    """A model artifact behind `OnnxClassifier`."""

    def __init__(self, folder: Path) -> None:
        self._classifier = OnnxClassifier(ModelArtifact.load(folder))

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message."""
        answer = self._classifier.predict(text)
        best = int(answer.probabilities.argmax())
        confidence = float(answer.probabilities[best])
        return ScoredIntent(self._classifier.labels[best], confidence, answer.scope)
