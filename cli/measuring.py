"""What `prompt-capture evaluate` measures, and how it tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.failures import errors
from cli.figures import one_model, two_models
from cli.progress import bars
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


def measure_models(folders: Sequence[Path], files: Sequence[Path]) -> list[Measured]:
    """Measure the models of folders on the examples of files; raises what either lacks."""
    artifacts = [ModelArtifact.load(folder) for folder in folders]
    examples = read_examples(files)
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


def write_card_of(file: Path, measured: Measured, data: Sequence[str], texts: bool) -> None:
    """Write a model's card; `data` says what it was measured on."""
    from training.report.card import write_card  # drawing takes half a second to load

    write_card(
        file,
        measured.manifest,
        measured.predictions,
        measured_on=f"messages of {', '.join(data)}",
        latency=measured.evaluation.latency_ms,
        texts=texts,
    )


def as_json(measured: Sequence[Measured]) -> dict[str, Any]:
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


def show(console: Console, measured: Sequence[Measured]) -> None:
    """Print tables, and whether one model is better than the other."""
    new = measured[0]
    if len(measured) == 1:
        console.print(one_model(new.manifest.version, new.evaluation))
        return
    old = measured[1]
    versions = new.manifest.version, old.manifest.version
    console.print(two_models(*versions, new.evaluation, old.evaluation))
    comparison = compare_predictions(new.predictions, old.predictions)
    console.print(in_words(comparison, *versions), highlight=False, markup=False, soft_wrap=True)
