"""This project's own models, as the functions serve them."""

from pathlib import Path

from benchmarks.served.answer import Answer
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier


class ServedArtifact:
    """An artifact behind `OnnxClassifier`."""

    def __init__(self, folder: Path) -> None:
        self._classifier = OnnxClassifier(ModelArtifact.load(folder))

    def answer(self, text: str) -> Answer:
        """Classify one message."""
        answer = self._classifier.answer(text)
        best = int(answer.probabilities.argmax())
        confidence = float(answer.probabilities[best])
        return Answer(self._classifier.labels[best], confidence, answer.scope)
