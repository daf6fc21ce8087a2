"""A classifier that runs the frozen encoder once for each text, whichever model answers."""

from dataclasses import replace

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.graphs import Floats, TextGraph
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from training.fit.encoders import Encoder


class CachedClassifier(OnnxClassifier):
    """The model of an artifact with one stage, whose encoder is `encoder`.

    Hundreds of models of a benchmark share an encoder, which takes most of the time of an answer.
    Answers are those of `OnnxClassifier`, since the same head computes everything after it.
    """

    def __init__(self, artifact: ModelArtifact, encoder: Encoder) -> None:
        super().__init__(artifact)
        (stage,) = self._stages
        self._stages = [replace(stage, encoder=_CachedGraph(encoder))]


class _CachedGraph(TextGraph):
    """The graph of an encoder that keeps what it has embedded."""

    def __init__(self, encoder: Encoder) -> None:  # its own session is that of `encoder`
        self._encoder = encoder

    def embed(self, text: str) -> Floats:
        """Return the embedding of a text [1, width]."""
        return self._encoder.embed([text])
