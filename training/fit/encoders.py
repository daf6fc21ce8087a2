"""Encoders of texts, those that training starts from, and stages: an encoder and its head."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.classifier import TextGraph
from prompt_capture.adapters.onnx.model_artifact import BaseModelInfo, CascadeStage, ModelArtifact
from training.config import ProgressCallback, ignore_progress
from training.data.fingerprint import TrainingFingerprint
from training.fit.heads import Head
from training.fit.networks.minilm import (
    MAX_TOKENS,
    WEIGHTS_SHA256,
    EncoderBuilder,
    quantise,
    read_checkpoint,
)

Floats = NDArray[np.float32]

MINILM = BaseModelInfo(
    name="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0", sha256=WEIGHTS_SHA256
)


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


@dataclass(frozen=True)
class FittedStage:
    """An encoder, and a head that is fitted to its embeddings."""

    name: str
    encoder: Encoder
    head: Head


@dataclass(frozen=True)
class BaseEncoders:
    """Encoders by stage name, in the order of the cascade.

    `base_model` is the published model that they derive from. `fingerprint` covers the texts that
    they were fine-tuned on.
    """

    encoders: Mapping[str, Encoder]
    base_model: BaseModelInfo
    fingerprint: TrainingFingerprint

    @property
    def last_encoder(self) -> Encoder:
        """The encoder of the last stage, which is the most accurate one."""
        *_, encoder = self.encoders.values()
        return encoder


def base_from_artifact(artifact: ModelArtifact) -> BaseEncoders:
    """Load the encoders of a trained model."""
    encoders = {
        stage.name: Encoder.load(artifact.folder, stage) for stage in artifact.manifest.stages
    }
    return BaseEncoders(
        encoders, artifact.manifest.base_model, TrainingFingerprint.read(artifact.folder)
    )


def base_from_checkpoint(weights: Path) -> BaseEncoders:
    """Build MiniLM from a folder with `model.safetensors` and `tokenizer.json`.

    Raises `ValueError` where the weights are not the published ones.
    """
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = quantise(EncoderBuilder(read_checkpoint(weights / "model.safetensors")).build())
    return BaseEncoders(
        {"encoder": Encoder(model, tokenizer.to_str(pretty=True), MAX_TOKENS)},
        MINILM,
        TrainingFingerprint(),
    )
