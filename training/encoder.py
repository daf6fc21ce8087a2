"""An encoder: the part of a model that stays as it is when a head is trained."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prompt_capture.adapters.model_artifact import BaseModelNotice, ModelArtifact
from prompt_capture.adapters.onnx_classifier import TextGraph


@dataclass(frozen=True)
class Encoder:
    """A graph that answers `embedding`, with its tokenizer: what a head is put on."""

    model_file: Path
    tokenizer_file: Path
    max_tokens: int
    notice: BaseModelNotice

    @classmethod
    def of(cls, artifact: ModelArtifact) -> Self:
        """Take the encoder of a trained model."""
        manifest = artifact.manifest
        return cls(
            artifact.model_file, artifact.tokenizer_file, manifest.max_tokens, manifest.base_model
        )

    def embed(
        self, texts: Sequence[str], on_text: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Answer the embeddings [texts, width]; `on_text` is called after each."""
        graph = TextGraph(self.model_file, self.tokenizer_file, self.max_tokens)

        def embed_one(text: str) -> NDArray[np.float32]:
            embedding = graph.run(text, "embedding")
            on_text()
            return embedding

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return np.stack(list(threads.map(embed_one, texts)))
