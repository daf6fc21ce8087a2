"""`prompt-capture evaluate`: how good a model is on data it was not trained on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.failures import errors, explained
from cli.figures import one_model, two_models
from cli.progress import bars
from cli.sources import local_files
from prompt_capture.adapters.model_artifact import Manifest, ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from training.compare import compare as compare_predictions
from training.compare import in_words
from training.evaluate import Evaluation, measure
from training.examples import Example, read_examples
from training.predictions import Predictions


@dataclass(frozen=True)
class Measured:
    """A model, what it answered, and what that is worth."""

    manifest: Manifest
    predictions: Predictions
    evaluation: Evaluation


def evaluate(
    model: Annotated[Path, typer.Option(help="The model's folder.")],
    data: Annotated[
        list[str],
        typer.Option("--data", help="JSON lines (a path or s3://...) or a folder of <label>.txt."),
    ],
    compare: Annotated[
        Path | None,
        typer.Option(help="The folder of a model to compare with, as the one in service."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write a model card to this HTML file."),
    ] = None,
    texts: Annotated[
        bool, typer.Option(help="Whether the card may hold texts of the data.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Measure accuracy, calibration, out-of-scope detection and latency of a model.

    With --compare, say whether it is better than another, by the messages that one of the two
    alone gets right.

    [bold]Example[/bold]  prompt-capture evaluate --model build/next --compare
    model_artifacts/assistant --data training/data/heldout --card build/next.html
    """
    if card:
        _make_room(card)
    with explained(), local_files(data) as files:
        folders = [model, compare] if compare else [model]
        artifacts = [ModelArtifact.load(folder) for folder in folders]
        measured = _measure(artifacts, read_examples(files))
    if card:
        _write_card(card, measured[0], data, texts)
    if as_json:
        typer.echo(json.dumps(_as_json(measured)))
    else:
        _show(Console(), measured)


def _make_room(card: Path) -> None:
    try:
        card.parent.mkdir(parents=True, exist_ok=True)
        card.touch()
    except OSError as error:
        raise typer.BadParameter(
            f"{card} cannot be written: {error.strerror}.", param_hint="--card"
        ) from None


def _measure(artifacts: Sequence[ModelArtifact], examples: Sequence[Example]) -> list[Measured]:
    for artifact in artifacts:
        _warn(artifact.manifest, examples)
    classifiers = [OnnxClassifier(artifact) for artifact in artifacts]
    with bars(errors) as progress:
        results = measure(classifiers, examples, progress.step("Classifying"))
    return [
        Measured(artifact.manifest, predictions, evaluation)
        for artifact, (predictions, evaluation) in zip(artifacts, results, strict=True)
    ]


def _warn(manifest: Manifest, examples: Sequence[Example]) -> None:
    unknown = sorted({example.label for example in examples}.difference(manifest.labels))
    if unknown:
        warning = f"{manifest.version} does not know these labels: {', '.join(unknown)}"
        errors.print(warning, style="yellow", highlight=False, markup=False)


def _write_card(file: Path, measured: Measured, data: Sequence[str], texts: bool) -> None:
    from training.report.card import write_card  # drawing takes half a second to load

    write_card(
        file,
        measured.manifest,
        measured.predictions,
        measured_on=f"messages of {', '.join(data)}",
        latency=measured.evaluation.latency_ms,
        texts=texts,
    )


def _as_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """Answer the model's figures; with another, those of both and what sets them apart."""
    if len(measured) == 1:
        return measured[0].evaluation.model_dump()
    new, old = measured
    comparison = compare_predictions(new.predictions, old.predictions)
    models = {"model": new, "compared_with": old}
    return {
        name: {"version": each.manifest.version, **each.evaluation.model_dump()}
        for name, each in models.items()
    } | {
        "comparison": {
            **comparison.model_dump(),
            "in_words": in_words(comparison, new.manifest.version, old.manifest.version),
        }
    }


def _show(console: Console, measured: Sequence[Measured]) -> None:
    new = measured[0]
    if len(measured) == 1:
        console.print(one_model(new.manifest.version, new.evaluation))
        return
    old = measured[1]
    versions = new.manifest.version, old.manifest.version
    console.print(two_models(*versions, new.evaluation, old.evaluation))
    comparison = compare_predictions(new.predictions, old.predictions)
    console.print(in_words(comparison, *versions), highlight=False, markup=False, soft_wrap=True)
