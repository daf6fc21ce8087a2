"""`prompt-capture evaluate`: how good a model is on data it was not trained on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.failures import explained
from cli.sources import local_files
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from training.evaluate import Evaluation
from training.evaluate import evaluate as measure
from training.examples import read_examples


def evaluate(
    model: Annotated[Path, typer.Option(help="The model's folder.")],
    data: Annotated[
        list[str],
        typer.Option("--data", help="JSON lines (a path or s3://...) or a folder of <label>.txt."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Measure accuracy, calibration, out-of-scope detection and latency of a model.

    [bold]Example[/bold]  prompt-capture evaluate --model model_artifacts/assistant --data
    training/data/heldout
    """
    with explained(), local_files(data) as files:
        classifier = OnnxClassifier(ModelArtifact.load(model))
        result = measure(classifier, read_examples(files))
    if as_json:
        typer.echo(result.model_dump_json())
    else:
        Console().print(_table(classifier.version, result))


def _table(version: str, result: Evaluation) -> Table:
    table = Table(title=version, show_header=False)
    table.add_row("accuracy", f"{result.accuracy:.1%} of {result.n}")
    table.add_row("macro F1", f"{result.macro_f1:.3f}")
    table.add_row("calibration error (ECE)", f"{result.ece:.3f}")
    if result.oos:
        table.add_row(
            "out of scope",
            f"{result.oos.found_at_95_kept:.1%} of {result.oos.n} found at 95% kept, "
            f"{result.oos.confident:.1%} answered with confidence",
        )
    latency = result.latency_ms
    table.add_row("latency", f"{latency.p50:.2f} ms median, {latency.p99:.2f} ms p99")
    table.add_section()
    for label, recall in sorted(result.recall.items(), key=lambda entry: entry[1]):
        table.add_row(label, f"{recall:.1%} found")
    return table
