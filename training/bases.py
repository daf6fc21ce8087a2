"""What training starts from: the encoders of a trained model, or the published weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from prompt_capture.adapters.model_artifact import BaseModelNotice, ModelArtifact
from training.encoder import Encoder
from training.fingerprint import TrainingFingerprint
from training.networks.minilm import (
    MAX_TOKENS,
    WEIGHTS_SHA256,
    EncoderBuilder,
    quantise,
    read_checkpoint,
)

MINILM = BaseModelNotice(
    name="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0", sha256=WEIGHTS_SHA256
)


@dataclass(frozen=True)
class Base:
    """Encoders by the names of their stages, in order.

    `notice` says whose weights they came from, `seen` to which texts they were tuned.
    """

    encoders: Mapping[str, Encoder]
    notice: BaseModelNotice
    seen: TrainingFingerprint

    @property
    def best(self) -> Encoder:
        """The encoder of the last stage."""
        *_, encoder = self.encoders.values()
        return encoder


def trained_base(artifact: ModelArtifact) -> Base:
    """Take the encoders of a trained model."""
    encoders = {
        stage.name: Encoder.of(artifact.folder, stage) for stage in artifact.manifest.stages
    }
    return Base(encoders, artifact.manifest.base_model, TrainingFingerprint.read(artifact.folder))


def published_base(weights: Path) -> Base:
    """Build the encoder from a folder with `model.safetensors` and `tokenizer.json`."""
    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = quantise(EncoderBuilder(read_checkpoint(weights / "model.safetensors")).build())
    return Base(
        {"encoder": Encoder(model, tokenizer.to_str(pretty=True), MAX_TOKENS)},
        MINILM,
        TrainingFingerprint(),
    )
