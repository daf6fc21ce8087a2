"""`prompt-capture train`: a better model from what was captured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.failures import explained
from cli.progress import bars
from cli.sources import local_files
from training.modes import Mode

if TYPE_CHECKING:
    from training.train import Trained

Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        help='JSON lines {"text", "label"} as `export` writes them (a path or s3://bucket/key), '
        "or a folder of <label>.txt. May be given several times: corrected labels win over "
        "predicted ones, later files over earlier ones.",
    ),
]
Unlabelled = Annotated[
    list[str] | None,
    typer.Option(
        help='Messages without a label, JSON lines {"text"}: a student learns from what its '
        "teacher answers to them. May be given several times."
    ),
]
ModeOption = Annotated[
    Mode,
    typer.Option(
        help="head: new heads on the base's encoders, in under a minute. student: one small model "
        "that answers in a tenth of a millisecond. full: tunes the encoder too, and puts such a "
        "student before it; the best, in a quarter of an hour."
    ),
]


def train(
    data: Data,
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to write the model to.")],
    mode: ModeOption = "head",
    unlabelled: Unlabelled = None,
    base: Annotated[
        Path, typer.Option(help="The model whose encoders the new one starts from.")
    ] = Path("model_artifacts/assistant"),
    name: Annotated[str, typer.Option(help="What the version starts with.")] = "assistant",
    seed: Annotated[int, typer.Option(help="The same data and seed give the same model.")] = 0,
    texts: Annotated[
        bool, typer.Option(help="Whether the card shows messages; prompts are private.")
    ] = True,
) -> None:
    """Train the intent model anew from labelled messages.

    It is calibrated on examples that were held back, and written as a folder that the functions
    serve: set MODEL_DIR to it. Its report/ is for people: a model card, and the rows that are
    perhaps mislabelled. Mend those and train with them as further --data; none is dropped.

    [bold]Example[/bold]  prompt-capture train --data training/data/train --data
    retraining.jsonl --out build/models/next
    """
    from prompt_capture.adapters.model_artifact import ModelArtifact
    from training.bases import trained_base
    from training.examples import read_examples, read_texts
    from training.report.writing import write_report
    from training.train import Plan
    from training.train import train as train_model

    console = Console(stderr=True)
    with explained(), local_files(data) as files, local_files(unlabelled or []) as more:
        plan = Plan(mode, read_texts(more), name, seed)
        examples, start = read_examples(files), trained_base(ModelArtifact.load(base))
        with bars(console) as progress:
            trained = train_model(examples, start, out, plan, progress)
        suspects = write_report(out, trained, texts)
    _tell(console, trained, out, suspects)


def _tell(console: Console, trained: "Trained", out: Path, suspects: int) -> None:
    manifest = trained.manifest
    console.print(f"[bold]{manifest.version}[/bold] is in {out}")
    console.print(f"{len(manifest.labels)} intents from {manifest.training_examples} examples")
    if trained.predictions:
        accuracy = manifest.metrics["accuracy"]
        console.print(f"{accuracy:.1%} right on {len(trained.predictions.texts)} held back")
        if not trained.is_honest:
            console.print(
                "[yellow]The base was tuned to nearly all of these messages: expect less, and too "
                "much confidence. Train with messages that it has not seen.[/yellow]"
            )
        console.print(f"The model card is {out}/report/card.html", soft_wrap=True)
        console.print(
            f"{suspects} rows are perhaps mislabelled: see {out}/report/suspects.jsonl",
            soft_wrap=True,
        )
