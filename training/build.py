"""Make the shipped model from the encoder's published weights and the project's own utterances.

    python -m training.build WEIGHTS_FOLDER OUT_FOLDER

`make model` calls it; on one kind of machine the same inputs give the same files.
"""

import sys
from pathlib import Path

from training.bases import published_base
from training.examples import read_examples
from training.train import Plan, Trained, train

DATA = Path(__file__).parent / "data"
UTTERANCES = (DATA / "train", DATA / "two_intents.jsonl")


def build(weights: Path, out: Path) -> Trained:
    """Write the artifact; `weights` holds `model.safetensors` and `tokenizer.json`."""
    base = published_base(weights)
    return train(read_examples(UTTERANCES), base, out, Plan("full", name="assistant"))


if __name__ == "__main__":
    manifest = build(Path(sys.argv[1]), Path(sys.argv[2])).manifest
    sys.stdout.write(f"{manifest.version}: {dict(manifest.metrics)}\n")
