"""`prompt-capture train`: a better model from what was captured."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.failures import explained
from cli.sources import local_files
from prompt_capture.adapters.model_artifact import ModelArtifact
from training.encoder import Encoder
from training.examples import read_examples, without_conflicts
from training.train import train as train_head

Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        help='JSON lines {"text", "label"} as `export` writes them (a path or s3://bucket/key), '
        "or a folder of <label>.txt. May be given several times: corrected labels win over "
        "predicted ones, later files over earlier ones.",
    ),
]


def train(
    data: Data,
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to write the model to.")],
    base: Annotated[Path, typer.Option(help="The model whose encoder the new one keeps.")] = Path(
        "model_artifacts/assistant"
    ),
    name: Annotated[str, typer.Option(help="What the version starts with.")] = "assistant",
    seed: Annotated[int, typer.Option(help="The same data and seed give the same model.")] = 0,
) -> None:
    """Train the intent model anew, on two cores in about a minute.

    A classifier is fitted on top of a frozen sentence encoder, calibrated on a fifth of the data
    that was held back, and written as a folder that the functions serve: set MODEL_DIR to it.

    [bold]Example[/bold]  prompt-capture train --data training/data/train --data
    retraining.jsonl --out build/models/next
    """
    console = Console(stderr=True)
    with explained(), local_files(data) as files:
        examples = without_conflicts(read_examples(files))
        encoder = Encoder.of(ModelArtifact.load(base))
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Reading examples", total=len(examples))

            def on_text() -> None:
                progress.advance(task)
                if progress.finished:
                    progress.update(task, description="Fitting the head")

            manifest = train_head(examples, encoder, out, name=name, seed=seed, on_text=on_text)
    accuracy = manifest.metrics.get("accuracy")
    console.print(f"[bold]{manifest.version}[/bold] is in {out}")
    console.print(f"{len(manifest.labels)} intents from {manifest.training_examples} examples")
    if accuracy is not None:
        console.print(f"{accuracy:.1%} right on the fifth that was held back")
