"""The evaluation behind `prompt-capture evaluate`, and its output."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.error_handling import error_console
from cli.evaluation_tables import comparison_table, evaluation_table
from cli.labelled_data import read_test_examples
from cli.model_description import describe_thresholds
from cli.progress import progress_bars
from cli.sources import local_sources
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, ModelManifest
from training.calibrate.predictions import Predictions
from training.data.examples import Example, InvalidExamples
from training.report.comparison import (
    compare,
    describe_comparison,
    describe_power,
    describe_vetoes,
)
from training.report.evaluation import Evaluation, evaluate_models


@dataclass(frozen=True)
class EvaluatedModel:
    """A model with its predictions and their evaluation."""

    manifest: ModelManifest
    predictions: Predictions
    evaluation: Evaluation


def evaluate_folders(folders: Sequence[Path], data: Sequence[str]) -> list[EvaluatedModel]:
    """Evaluate the models in folders on the examples in files and datasets.

    Raises `InvalidArtifact` and `InvalidExamples`.
    """
    artifacts = [ModelArtifact.load(folder) for folder in folders]
    classifiers = [OnnxClassifier(artifact) for artifact in artifacts]
    with progress_bars(error_console) as progress, local_sources(data, progress) as sources:
        examples = read_test_examples(sources, progress)
        manifests = [artifact.manifest for artifact in artifacts]
        for manifest in manifests:
            _warn_of_unknown_labels(manifest, examples)
        _check_labels(manifests, examples)
        results = evaluate_models(classifiers, examples, progress.step("Classifying"))
    return [
        EvaluatedModel(artifact.manifest, predictions, evaluation)
        for artifact, (predictions, evaluation) in zip(artifacts, results, strict=True)
    ]


def _warn_of_unknown_labels(manifest: ModelManifest, examples: Sequence[Example]) -> None:
    unknown = sorted({example.label for example in examples}.difference(manifest.labels))
    if unknown:
        warning = f"{manifest.version} does not know these labels: {', '.join(unknown)}"
        error_console.print(warning, style="yellow", highlight=False, markup=False)


def _check_labels(manifests: Sequence[ModelManifest], examples: Sequence[Example]) -> None:
    """Raise `InvalidExamples` where no model knows any of the labels: nothing can be right."""
    known = {label for manifest in manifests for label in manifest.labels}
    if known.isdisjoint(example.label for example in examples):
        raise InvalidExamples(
            "No label of the data is an intent of the model. Measuring needs the intent of each "
            "text: in the field label, or as the name of a file INTENT.txt. To classify texts "
            "without labels, use `prompt-capture predict --data`."
        )


def write_model_card(file: Path, model: EvaluatedModel, data: Sequence[str], texts: bool) -> None:
    """Write a model's card. `data` names the sources of the messages it was measured on."""
    from training.report.card import write_card  # drawing takes half a second to load

    file.parent.mkdir(parents=True, exist_ok=True)
    write_card(
        file,
        model.manifest,
        model.predictions,
        evaluated_on=f"messages of {', '.join(data)}",
        latency=model.evaluation.latency_ms,
        include_texts=texts,
    )


def to_json(models: Sequence[EvaluatedModel]) -> dict[str, Any]:
    """Return a model's metrics; for two models, the metrics of both and their comparison."""
    if len(models) == 1:
        return models[0].evaluation.model_dump()
    new, old = models
    comparison = compare(new.predictions, old.predictions)
    return {
        name: {"version": each.manifest.version, **each.evaluation.model_dump()}
        for name, each in {"model": new, "compared_with": old}.items()
    } | {
        "comparison": {
            **comparison.model_dump(),
            "summary": describe_comparison(comparison, new.manifest.version, old.manifest.version),
        }
    }


def print_evaluation(console: Console, models: Sequence[EvaluatedModel]) -> None:
    """Print tables of the metrics, and whether the first model is better than the second."""
    new = models[0]
    if len(models) == 1:
        console.print(evaluation_table(new.manifest, new.evaluation))
        for sentence in describe_thresholds(new.manifest):
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)
        return
    old = models[1]
    versions = new.manifest.version, old.manifest.version
    comparison = compare(new.predictions, old.predictions)
    console.print(comparison_table(*versions, new.evaluation, old.evaluation, comparison))
    sentences = [
        describe_comparison(comparison, *versions),
        *describe_power(comparison, new.evaluation.n),
        *describe_vetoes(comparison),
    ]
    for sentence in sentences:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if not comparison.vetoes:
        console.print(
            f"No veto: {new.manifest.version} is not shown to be worse in any measure.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
