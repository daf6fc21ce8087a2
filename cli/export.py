"""`prompt-capture export`: export a dataset on demand."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.error_handling import error_console, exit_on_error
from cli.printable import count_of
from prompt_capture.domain.datasets.kinds import MODES, POLICIES
from prompt_capture.domain.datasets.requests import ExportRequest

_FILTERS, _LABELS, _PRIVACY = "Filters", "Labels", "Privacy"
"""Panels of the help text."""


# Typer needs enums for choices. The kinds of datasets are defined in one place.
ExportMode = StrEnum("ExportMode", {mode: mode for mode in MODES})  # type: ignore[misc]
ExportPolicy = StrEnum("ExportPolicy", {policy: policy for policy in POLICIES})  # type: ignore[misc]
DEFAULT_POLICY = ExportPolicy("confidence")


class ReviewFileFormat(StrEnum):
    """The file format of a review dataset."""

    json = "json"
    csv = "csv"
    label_studio = "label-studio"


def export(
    mode: Annotated[
        ExportMode,
        typer.Option(metavar="MODE", help="retraining, review, gold or labelled (see above)."),
    ],
    policy: Annotated[
        ExportPolicy,
        typer.Option(
            metavar="POLICY",
            rich_help_panel=_LABELS,
            help="Which labels a retraining dataset contains.\n\n"
            "confidence: decided by reviewers, or predicted above the threshold.\n\n"
            "audited: decided by reviewers, or of tiers that a random audit found precise.",
        ),
    ] = DEFAULT_POLICY,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            rich_help_panel=_FILTERS,
            help="Only prompts captured in the last N days.",
        ),
    ] = None,
    confidence_threshold: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            rich_help_panel=_LABELS,
            help="Predictions above it are labels.\n\nPredictions below it need a review. "
            "(default: 0.85, for review 0.7)",
        ),
    ] = None,
    intent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INTENT",
            rich_help_panel=_FILTERS,
            help="Only labels of this intent.\n\nRepeatable.",
        ),
    ] = None,
    model_version: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VERSION",
            rich_help_panel=_FILTERS,
            help="Only predictions of this model version.\n\nRepeatable.",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            rich_help_panel=_FILTERS,
            help="Only predictions of this source: rule or model.\n\nRepeatable.",
        ),
    ] = None,
    since_last: Annotated[
        bool,
        typer.Option(
            "--since-last",
            rich_help_panel=_FILTERS,
            help="Only changes since the last dataset of this series.",
        ),
    ] = False,
    floor: Annotated[
        float,
        typer.Option(
            metavar="P",
            rich_help_panel=_LABELS,
            help="With --policy audited: exclude tiers whose precision has a lower 95% "
            "confidence bound below this.",
        ),
    ] = 0.9,
    anonymize: Annotated[
        bool | None,
        typer.Option(
            rich_help_panel=_PRIVACY,
            help="Replace ids by pseudonyms, and exclude texts that few users sent. "
            "(default: with --out, for audited, gold and labelled datasets)",
        ),
    ] = None,
    users_per_cluster: Annotated[
        int,
        typer.Option(
            metavar="K",
            rich_help_panel=_PRIVACY,
            help="With --anonymize: how many users must have sent a text or near-duplicates of it.",
        ),
    ] = 3,
    review_format: Annotated[
        ReviewFileFormat,
        typer.Option("--format", metavar="FORMAT", help="Review file: json, csv or label-studio."),
    ] = ReviewFileFormat.json,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write to this folder instead of the S3 bucket."),
    ] = None,
) -> None:
    """Export a dataset of captured prompts to S3 or to a folder.

    retraining  corrected prompts and confident predictions, as JSON lines
    review      uncertain predictions, with fields for a reviewer to fill in
    gold        test set: labels from people, never part of an audited dataset
    labelled    all labels from people, with a retention of their own

    Settings: SUPABASE_URL, SUPABASE_SIGNING_KEY or SUPABASE_SECRET_KEY.
    Without --out, also EXPORT_BUCKET and those of AWS clients.

    [bold]Examples[/bold]
      prompt-capture export --mode retraining
      prompt-capture export --mode retraining --policy audited --since-last
      prompt-capture export --mode review --days 7 --format csv --out build
    """
    from prompt_capture.bootstrap import exports

    if mode.value != "review" and review_format is not ReviewFileFormat.json:
        raise typer.BadParameter(
            f"Datasets of the mode {mode.value} are JSON lines. To have another format, convert "
            "the dataset: prompt-capture convert.",
            param_hint="--format",
        )
    with exit_on_error():
        request = ExportRequest.from_event(
            {
                "mode": mode.value,
                "policy": policy.value,
                "days": days,
                "confidence_threshold": confidence_threshold,
                "intents": intent or (),
                "model_versions": model_version or (),
                "sources": source or (),
                "since_last": since_last,
                "floor": floor,
                "anonymize": anonymize,
                "users_per_cluster": users_per_cluster,
                "format": review_format.value,
            }
        )
        with error_console.status("Exporting") as status:

            def report(rows: int) -> None:
                status.update(f"Exporting: {rows:,} rows")

            export_dataset = (
                exports.export_to_folder(out, report) if out else exports.export_dataset(report)
            )
            dataset = asyncio.run(export_dataset(request))
    for warning in dataset.warnings:
        error_console.print(warning, style="yellow", highlight=False, markup=False)
    if out and since_last and mode.value != "review":
        _warn_of_missing_dataset(out, out / dataset.manifest)
    typer.echo(f"Exported {count_of(dataset.rows, 'row')} to {dataset.url}")


def _warn_of_missing_dataset(folder: Path, manifest: Path) -> None:
    """Say so where a folder has changes without what they change, as a new one does."""
    from cli.labelled_data import print_warnings
    from training.data.examples import InvalidExamples
    from training.data.exported_datasets import lacks_dataset_before

    warning = (
        "This dataset has the changes since the last one alone, and the folder does not have that "
        "one: all folders share a series. For a dataset of everything, export without --since-last."
    )
    with suppress(InvalidExamples, OSError):  # of another dataset, which reading the folder names
        if lacks_dataset_before(folder, manifest):
            print_warnings([warning])
