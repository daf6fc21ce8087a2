"""The encoders that training starts from: those of a trained model, or published weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.model_artifact import BaseModelInfo, ModelArtifact
from training.encoder import Encoder
from training.fingerprint import TrainingFingerprint
from training.networks.minilm import (
    MAX_TOKENS,
    WEIGHTS_SHA256,
    EncoderBuilder,
    quantise,
    read_checkpoint,
)

MINILM = BaseModelInfo(
    name="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0", sha256=WEIGHTS_SHA256
)


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
