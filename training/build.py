"""Make the shipped model from the encoder's published weights and the project's own utterances.

    python -m training.build WEIGHTS_FOLDER OUT_FOLDER

`make model` calls it; the same inputs give the same files.
"""

import sys
import tempfile
from pathlib import Path

import onnx
from tokenizers import Tokenizer

from prompt_capture.adapters.model_artifact import (
    MODEL_FILE,
    TOKENIZER_FILE,
    BaseModelNotice,
    Manifest,
)
from training.encoder import Encoder
from training.examples import read_examples
from training.minilm import MAX_TOKENS, WEIGHTS_SHA256, build_encoder
from training.train import train

UTTERANCES = Path(__file__).parent / "data" / "train"
NOTICE = BaseModelNotice(
    name="sentence-transformers/all-MiniLM-L6-v2", licence="Apache-2.0", sha256=WEIGHTS_SHA256
)


def build(weights: Path, out: Path) -> Manifest:
    """Write the artifact; `weights` holds `model.safetensors` and `tokenizer.json`."""
    with tempfile.TemporaryDirectory() as folder:
        encoder = Encoder(
            Path(folder) / MODEL_FILE, Path(folder) / TOKENIZER_FILE, MAX_TOKENS, NOTICE
        )
        onnx.save(build_encoder(weights / "model.safetensors"), encoder.model_file)
        tokenizer = Tokenizer.from_file(str(weights / TOKENIZER_FILE))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.save(str(encoder.tokenizer_file))
        return train(read_examples([UTTERANCES]), encoder, out, name="assistant")


if __name__ == "__main__":
    manifest = build(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"{manifest.version}: {dict(manifest.metrics)}\n")
