"""Encoders of texts, those that training starts from, and stages: an encoder and its head."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final, Self

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.graphs import TextGraph
from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    BaseModelInfo,
    CascadeStage,
    ModelArtifact,
    StageName,
)
from training.config import ProgressCallback, ignore_progress
from training.data.fingerprint import TrainingFingerprint
from training.fit.heads import Head

Floats = NDArray[np.float32]

STUDENT: Final = "student"
"""The name of the stage that needs no transformer."""

_SEQUENCES_PER_TASK = 64
_ROWS_PER_COPY = 2_048
MAX_REPETITION = 1.05
"""How many times as many rows a block may have as it has different token sequences."""


class Encoder:
    """Computes embeddings of texts, each once. Several threads can share it."""

    def __init__(self, model: onnx.ModelProto, tokenizer: str, max_tokens: int) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        content = model.SerializeToString(deterministic=True)
        self.graph = TextGraph(content, Tokenizer.from_str(tokenizer), max_tokens)
        self._embedded = _EmbeddedSequences(self.graph.width)
        self._lock = Lock()

    @classmethod
    def load(cls, artifact: ModelArtifact, stage: CascadeStage) -> Self:
        """Load the encoder of a stage of a trained model."""
        tokenizer = artifact.path(stage.tokenizer).read_text("utf-8")
        return cls(onnx.load(artifact.path(stage.graph)), tokenizer, stage.max_tokens)

    def embed(
        self, texts: Sequence[str], on_progress: ProgressCallback = ignore_progress
    ) -> Floats:
        """Return the embeddings [texts, width], which are read-only.

        `on_progress` receives how many new texts are done.
        """
        keys = [_sequence_key(ids) for ids in self.tokenise(texts)]
        with self._lock:
            new = self._embedded.missing(keys)
            if new:
                self._embedded.append(new, self._run(new, on_progress))
        return self._embedded.select(keys)

    def embed_ids(
        self, sequences: Sequence[Sequence[int]], on_progress: ProgressCallback = ignore_progress
    ) -> Floats:
        """Return the embeddings [sequences, width] of token sequences, which are not kept."""
        return self._run([_sequence_key(ids) for ids in sequences], on_progress)

    def _run(self, keys: Sequence[bytes], on_progress: ProgressCallback) -> Floats:
        block = np.empty((len(keys), self._embedded.width), np.float32)

        def run(start: int) -> int:
            rows = range(start, min(start + _SEQUENCES_PER_TASK, len(keys)))
            for row in rows:
                ids = np.frombuffer(keys[row], np.int32).tolist()
                block[row] = self.graph.embed_ids(ids)[0]
            return len(rows)

        done = 0
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for count in threads.map(run, range(0, len(keys), _SEQUENCES_PER_TASK)):
                done += count
                on_progress(done, len(keys))
        return block

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, truncated to `max_tokens`."""
        return [self.graph.token_ids(text) for text in texts]


def _sequence_key(ids: Sequence[int]) -> bytes:
    return np.array(ids, np.int32).tobytes()


class _EmbeddedSequences:
    """The embeddings of token sequences, in blocks [any, width]; a key holds the token ids."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._rows: dict[bytes, int] = {}
        self._blocks: list[tuple[Sequence[bytes], Floats]] = []
        self._starts = [0]

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Return the keys without an embedding: once, or in their order where few are repeated.

        Different texts may have the same tokens. A block in the order of the texts saves a copy of
        it, which one repeated row would cost (see `select`).
        """
        new = [key for key in keys if key not in self._rows]
        once = list(dict.fromkeys(new))
        return new if len(new) <= MAX_REPETITION * len(once) else once

    def append(self, keys: Sequence[bytes], block: Floats) -> None:
        """Add the embeddings of keys that are missing."""
        block.flags.writeable = False
        for row, key in enumerate(keys, self._starts[-1]):
            self._rows.setdefault(key, row)
        self._blocks.append((keys, block))
        self._starts.append(self._starts[-1] + len(block))

    def select(self, keys: Sequence[bytes]) -> Floats:
        """Return the embeddings [keys, width]: a view where the keys are one run of a block.

        The embeddings of 100,000 texts are 0.6 GB, of which a view saves a copy.
        """
        rows = np.array([self._rows[key] for key in keys], np.int64)
        if len(rows):
            number = int(np.searchsorted(self._starts, rows[0], side="right")) - 1
            first = int(rows[0]) - self._starts[number]
            run = slice(first, first + len(keys))
            block_keys, block = self._blocks[number]
            if block_keys[run] == keys:
                return block[run]
        result = np.empty((len(rows), self.width), np.float32)
        for first in range(0, len(rows), _ROWS_PER_COPY):  # one piece would be copied twice
            part = rows[first : first + _ROWS_PER_COPY]
            for start, (_, block) in zip(self._starts, self._blocks, strict=False):
                here = (part >= start) & (part < start + len(block))
                result[first : first + len(part)][here] = block[part[here] - start]
        return result


@dataclass(frozen=True)
class FittedStage:
    """An encoder, and a head that is fitted to its embeddings."""

    name: StageName
    encoder: Encoder
    head: Head

    @property
    def deep_width(self) -> int:
        """How many dimensions, the last ones, say best what a text is about.

        The embedding of a transformer has means of its layers, of which the first ones are near to
        the words. A student has no layers.
        """
        width = self.encoder.graph.width
        return width if self.name == STUDENT else width // 2


@dataclass(frozen=True)
class BaseEncoders:
    """Encoders by stage name, in the order of the cascade.

    `base_model` is the published model that they derive from. `fingerprint` covers the texts that
    they were fine-tuned on. `version` is that of the trained model that they are from.
    """

    encoders: Mapping[StageName, Encoder]
    base_model: BaseModelInfo
    fingerprint: TrainingFingerprint
    version: str | None = None

    @property
    def last_encoder(self) -> Encoder:
        """The encoder of the last stage, which is the most accurate one."""
        *_, encoder = self.encoders.values()
        return encoder


def base_from_artifact(artifact: ModelArtifact) -> BaseEncoders:
    """Load the encoders of a trained model. Raise `InvalidArtifact`."""
    manifest = artifact.manifest
    artifact.check(FINGERPRINT_FILE)
    return BaseEncoders(
        {stage.name: Encoder.load(artifact, stage) for stage in manifest.stages},
        manifest.base_model,
        TrainingFingerprint.read(artifact.folder),
        manifest.version,
    )
