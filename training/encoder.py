"""An encoder: a graph with the output `embedding`, and its tokenizer."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.classifier import TextGraph
from prompt_capture.adapters.onnx.model_artifact import CascadeStage
from training.progress import ProgressCallback, ignore_progress

Floats = NDArray[np.float32]


class Encoder:
    """Computes embeddings of texts, and caches them by their tokens."""

    def __init__(self, model: onnx.ModelProto, tokenizer: str, max_tokens: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        content = model.SerializeToString(deterministic=True)
        self.graph = TextGraph(content, Tokenizer.from_str(tokenizer), max_tokens)
        self._cache: dict[tuple[int, ...], Floats] = {}

    @classmethod
    def load(cls, folder: Path, stage: CascadeStage) -> Self:
        """Load the encoder of a stage of a trained model."""
        tokenizer = (folder / stage.tokenizer).read_text("utf-8")
        return cls(onnx.load(folder / stage.graph), tokenizer, stage.max_tokens)

    def embed(
        self, texts: Sequence[str], on_progress: ProgressCallback = ignore_progress
    ) -> Floats:
        """Return the embeddings [texts, width]; call `on_progress` after each new text."""
        return self.embed_ids(self.tokenise(texts), on_progress)

    def embed_ids(
        self, sequences: Sequence[Sequence[int]], on_progress: ProgressCallback = ignore_progress
    ) -> Floats:
        """Return the embeddings [sequences, width] of token sequences."""
        keys = [tuple(ids) for ids in sequences]
        new = [ids for ids in dict.fromkeys(keys) if ids not in self._cache]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            embeddings = threads.map(lambda ids: self.graph.run_ids(ids, "embedding")[0], new)
            for done, (ids, embedding) in enumerate(zip(new, embeddings, strict=True), 1):
                self._cache[ids] = embedding
                on_progress(done, len(new))
        if not keys:
            return np.zeros((0, self.graph.output_width("embedding") or 0), np.float32)
        return np.stack([self._cache[ids] for ids in keys])

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, truncated to `max_tokens`."""
        return [self.graph.token_ids(text) for text in texts]
