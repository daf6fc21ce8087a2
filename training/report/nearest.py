"""The examples that are most similar to a text, which explain a prediction."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from training.config import ProgressCallback, ignore_progress
from training.data.examples import Example, prepare_examples
from training.fit.encoders import Encoder

Floats = NDArray[np.floating]


class Neighbour(NamedTuple):
    """An example and its similarity to a text: the cosine of their embeddings."""

    text: str
    label: str
    similarity: float


class NearestExamples:
    """Finds examples by the embeddings of a model.

    Each text counts once, redacted as in training.
    """

    def __init__(
        self,
        encoder: Encoder,
        examples: Sequence[Example],
        on_progress: ProgressCallback = ignore_progress,
    ) -> None:
        self._encoder = encoder
        self._examples = prepare_examples(examples)
        texts = [example.text for example in self._examples]
        self._embeddings = _unit(encoder.embed(texts, on_progress))

    @classmethod
    def of_model(
        cls,
        artifact: ModelArtifact,
        examples: Sequence[Example],
        on_progress: ProgressCallback = ignore_progress,
    ) -> Self:
        """Use the last stage of a model, which is the most accurate one."""
        encoder = Encoder.load(artifact, artifact.manifest.stages[-1])
        return cls(encoder, examples, on_progress)

    def find(self, text: str, limit: int) -> list[Neighbour]:
        """Return at most `limit` examples, the most similar first."""
        similarities = self._embeddings @ _unit(self._encoder.embed([text]))[0]
        nearest = np.argsort(-similarities, kind="stable")[:limit]
        return [
            Neighbour(
                self._examples[row].text,
                self._examples[row].label,
                round(min(1.0, float(similarities[row])), 4),
            )
            for row in nearest.tolist()
        ]


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit
