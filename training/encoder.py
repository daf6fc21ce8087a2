"""An encoder: a graph that answers `embedding`, with its tokenizer; what a head is put on."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.model_artifact import Stage
from prompt_capture.adapters.onnx_classifier import TextGraph
from training.progress import Told, ignored

Floats = NDArray[np.float32]


class Encoder:
    """Answers the embedding of a text, and remembers it."""

    def __init__(self, model: onnx.ModelProto, tokenizer: str, max_tokens: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        content = model.SerializeToString(deterministic=True)
        self.graph = TextGraph(content, Tokenizer.from_str(tokenizer), max_tokens)
        self._known: dict[tuple[int, ...], Floats] = {}

    @classmethod
    def of(cls, folder: Path, stage: Stage) -> Self:
        """Take the encoder of a trained model's stage."""
        tokenizer = (folder / stage.tokenizer).read_text("utf-8")
        return cls(onnx.load(folder / stage.graph), tokenizer, stage.max_tokens)

    def embed(self, texts: Sequence[str], on_text: Told = ignored) -> Floats:
        """Answer the embeddings [texts, width]; `on_text` hears how many are done, of how many."""
        return self.embed_ids(self.tokens(texts), on_text)

    def embed_ids(self, sequences: Sequence[Sequence[int]], on_text: Told = ignored) -> Floats:
        """Answer the embeddings [sequences, width] of texts that are tokens already."""
        keys = [tuple(ids) for ids in sequences]
        new = [ids for ids in dict.fromkeys(keys) if ids not in self._known]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            embeddings = threads.map(lambda ids: self.graph.run_ids(ids, "embedding")[0], new)
            for done, (ids, embedding) in enumerate(zip(new, embeddings, strict=True), 1):
                self._known[ids] = embedding
                on_text(done, len(new))
        if not keys:
            return np.zeros((0, self.graph.width("embedding") or 0), np.float32)
        return np.stack([self._known[ids] for ids in keys])

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Answer each text's token ids, cut at `max_tokens`."""
        return [self.graph.tokens(text) for text in texts]
