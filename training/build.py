"""Build the shipped model from MiniLM's published weights and the project's own utterances.

    python -m training.build WEIGHTS_FOLDER OUT_FOLDER

`make model` runs this module in the root of the repository. On one type of machine, the same inputs
give the same files.
"""

import sys
from pathlib import Path

from training.config import Progress, ProgressLines, TrainingConfig
from training.data.provenance import describe_datasets
from training.data.reading import read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource
from training.fit.published_weights import base_from_checkpoint
from training.report.writing import write_report
from training.train import TrainingResult, train

DATA = Path("training/data/train")
UTTERANCES = (DATA, *sorted(DATA.glob("*/two_intents.jsonl")))


def build(weights: Path, out: Path, progress: Progress | None = None) -> TrainingResult:
    """Train and write the artifact.

    `weights` is a folder with `model.safetensors` and `tokenizer.json`.
    """
    sources = [DataSource(path) for path in UTTERANCES]
    located = read_sources(sources, Remarks())
    config = TrainingConfig("full", name="assistant", datasets=describe_datasets(sources, located))
    base = base_from_checkpoint(weights)
    result = train([each.example for each in located], base, out, config, progress)
    write_report(out, result.manifest, result.predictions, result.held_out)
    return result


def _write_line(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    manifest = build(Path(sys.argv[1]), Path(sys.argv[2]), ProgressLines(_write_line)).manifest
    sys.stdout.write(f"{manifest.version}: {dict(manifest.metrics)}\n")
