"""`prompt-capture train`: train a model on labelled messages."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from cli.arguments import check_writable
from cli.error_handling import error_console, exit_on_error
from cli.progress import progress_bars
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import TrainingMode, VersionName
from training.config import ReviewTarget

if TYPE_CHECKING:
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
    from training.data.examples import Example
    from training.train import TrainingResult

_REVIEW = "Review"
"""A panel of the help text."""


def _validate_name(name: str) -> str:
    try:
        TypeAdapter(VersionName).validate_python(name)
    except ValidationError:
        raise typer.BadParameter(
            "The name must begin with a letter or a digit, and have letters, digits, dots, "
            "underscores and hyphens only, at most 91."
        ) from None
    return name


def _validate_target(target: float | None) -> float | None:
    if target is not None and not 0 < target <= 1:  # NaN too
        raise typer.BadParameter("The target must be a number above 0 and up to 1.")
    return target


DataOption = Annotated[
    list[str],
    typer.Option(
        "--data",
        metavar="DATA",
        help='Labelled texts: a file with "text" and "label" (JSON lines, CSV, Parquet), '
        "a folder of LABEL.txt files, or an exported dataset (its folder or manifest).\n\n"
        "A path, or s3://bucket/key.\n\n"
        "Repeatable: people's labels win over written ones and these over predicted ones, later "
        "files over earlier ones.",
    ),
]
UnlabelledOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATA",
        help='Files with "text": messages without a label.\n\n'
        "A student learns from its teacher's predictions for them.\n\nRepeatable.",
    ),
]
TargetPrecisionOption = Annotated[
    float | None,
    typer.Option(
        metavar="P",
        callback=_validate_target,
        rich_help_panel=_REVIEW,
        help="Predictions of an intent need a review below the lowest confidence from which on "
        "this share of them is right, for example 0.95.",
    ),
]
TargetRecallOption = Annotated[
    float | None,
    typer.Option(
        metavar="P",
        callback=_validate_target,
        rich_help_panel=_REVIEW,
        help="Instead: below the highest confidence from which on this share of the intent's "
        "messages is found.",
    ),
]
ModeOption = Annotated[
    TrainingMode,
    typer.Option(metavar="MODE", help="head, student or full (see above)."),
]


def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder to write the model to.")],
    mode: ModeOption = "head",
    unlabelled: UnlabelledOption = None,
    base: Annotated[Path, typer.Option(help="The model whose encoders to start from.")] = Path(
        "model_artifacts/assistant"
    ),
    name: Annotated[
        str, typer.Option(callback=_validate_name, help="The beginning of the model's version.")
    ] = "assistant",
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="The same data and seed give the same model.")
    ] = 0,
    target_precision: TargetPrecisionOption = None,
    target_recall: TargetRecallOption = None,
    texts: Annotated[
        bool, typer.Option(help="Whether the model card shows messages, which are private.")
    ] = True,
) -> None:
    """Train an intent model on labelled messages.

    Modes, from the fastest to the most accurate:
    head     new head and new student; about two minutes
    student  one small model that predicts in about 0.1 ms
    full     tunes the encoder and adds a student before it; about 15 minutes

    Trains on texts of the split train, or without a split.
    The model is calibrated on held-out examples.
    To serve it, set MODEL_DIR to its folder.
    Its report/ has a model card and the rows that may be mislabelled.
    Correct those, and pass them as a further --data file.

    With a target, thresholds on the confidence decide which predictions need a
    review, in service and in predict.
    They replace REVIEW_THRESHOLD for the predictions of the model.

    [bold]Examples[/bold]
      prompt-capture train --data training/data/train --out build/next
      prompt-capture train --data training/data/train --data new.jsonl \\
        --mode full --out build/next
      prompt-capture train --data training/data/train --out build/next \\
        --target-precision 0.95
    """
    from training.allocator import limit_arenas, return_freed_memory

    limit_arenas()
    from cli import labelled_data
    from cli.sources import local_sources
    from training.artifact import has_other_files
    from training.config import TrainingConfig
    from training.fit.encoders import base_from_artifact
    from training.report.writing import write_report
    from training.train import train as train_model

    target = _review_target(target_precision, target_recall)
    with (
        exit_on_error(),
        progress_bars(error_console) as progress,
        local_sources(data, progress) as sources,
        local_sources(unlabelled or [], progress) as unlabelled_sources,
    ):
        check_writable(out, "--out")
        if has_other_files(out):
            raise typer.BadParameter(
                f"{out} has files of no model. Name a new folder, or that of a model to replace.",
                param_hint="--out",
            )
        artifact = _load_base(base)  # before the data, which takes longer
        read = labelled_data.read_training_data(sources, unlabelled_sources, progress)
        labelled_data.print_warnings(_diagnose(read.examples))
        config = TrainingConfig(mode, read.unlabelled, name, seed, target, datasets=read.datasets)
        # No name keeps the encoders, which hold an embedding of each text, until the report.
        result = train_model(read.examples, base_from_artifact(artifact), out, config, progress)
        return_freed_memory()
        suspects = write_report(out, result.manifest, result.predictions, result.held_out, texts)
    _print_summary(error_console, result, out, suspects)


def _review_target(precision: float | None, recall: float | None) -> ReviewTarget | None:
    if precision is not None and recall is not None:
        raise typer.BadParameter("Choose --target-precision or --target-recall, not both.")
    if precision is not None:
        return ReviewTarget("precision", precision)
    return None if recall is None else ReviewTarget("recall", recall)


def _load_base(folder: Path) -> "ModelArtifact":
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact

    if not folder.exists():
        raise InvalidArtifact(
            f"There is no folder {folder}. Name the folder of a model with --base, for example "
            "model_artifacts/assistant of this repository."
        )
    return ModelArtifact.load(folder)


def _diagnose(examples: "Sequence[Example]") -> Iterator[str]:
    """Yield what makes a worse model than the user may expect."""
    from training.calibrate.scope import MIN_OUT_OF_SCOPE
    from training.data import diagnosis
    from training.train import FOLDS

    yield from diagnosis.describe_copies(examples)
    yield from diagnosis.describe_rare_labels(examples, FOLDS)
    yield from diagnosis.describe_scope(examples, MIN_OUT_OF_SCOPE)


def _print_summary(console: Console, result: "TrainingResult", out: Path, suspects: int) -> None:
    from cli.model_description import describe_thresholds
    from training.report.card import describe_sample

    manifest = result.manifest
    console.print(f"Wrote [bold]{manifest.version}[/bold] to {out}")
    console.print(f"{len(manifest.labels)} intents from {manifest.training_examples} examples")
    if result.renewed:
        console.print(
            f"{result.renewed:,} texts with predicted labels: learned with labels that this model "
            "predicts"
        )
    if manifest.measured_on is None:
        console.print(
            "[yellow]No accuracy was measured, and the confidence is not calibrated: the data "
            "has too few audited messages and too few written examples. Add either, for example "
            "the examples that the assistant started with.[/yellow]"
        )
    else:
        accuracy, sample = manifest.metrics["accuracy"], manifest.measured_on
        console.print(f"{accuracy:.1%} accuracy on {sample.messages} {describe_sample(manifest)}")
        if not result.is_unbiased:
            console.print(
                "[yellow]The base was tuned on many of these messages, so this accuracy and "
                "the model's confidence are too high. Train with messages that the base has not "
                "seen.[/yellow]"
            )
    for sentence in describe_thresholds(manifest):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Model card: {out}/report/card.html", soft_wrap=True)
    console.print(
        f"{suspects} rows may be mislabelled: see {out}/report/suspects.jsonl", soft_wrap=True
    )
