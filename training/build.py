"""Make the shipped model from the encoder's published weights and the project's own utterances.

    python -m training.build WEIGHTS_FOLDER OUT_FOLDER

`make model` calls it; on one kind of machine the same inputs give the same files.
"""

import sys
from pathlib import Path

from training.bases import published_base
from training.examples import read_examples
from training.progress import Progress, Told, ignored
from training.report.writing import write_report
from training.train import Plan, Trained, train

DATA = Path(__file__).parent / "data"
UTTERANCES = (DATA / "train", DATA / "two_intents.jsonl")


def build(weights: Path, out: Path, progress: Progress | None = None) -> Trained:
    """Write the artifact; `weights` holds `model.safetensors` and `tokenizer.json`."""
    plan = Plan("full", name="assistant")
    trained = train(read_examples(UTTERANCES), published_base(weights), out, plan, progress)
    write_report(out, trained)
    return trained


class _Steps:
    def step(self, name: str) -> Told:
        """Name the step."""
        sys.stderr.write(f"{name} ...\n")
        return ignored


if __name__ == "__main__":
    manifest = build(Path(sys.argv[1]), Path(sys.argv[2]), _Steps()).manifest
    sys.stdout.write(f"{manifest.version}: {dict(manifest.metrics)}\n")
