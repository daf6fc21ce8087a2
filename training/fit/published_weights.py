"""The published weights that the shipped model is built from."""

from pathlib import Path

from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.model_artifact import BaseModelInfo
from training.data.fingerprint import TrainingFingerprint
from training.fit.encoders import BaseEncoders, Encoder
from training.fit.networks.minilm import (
    MAX_TOKENS,
    WEIGHTS_SHA256,
    EncoderBuilder,
    quantise,
    read_checkpoint,
)

MINILM = BaseModelInfo(
    name="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0", sha256=WEIGHTS_SHA256
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
