"""`prompt-capture export`: a dataset by hand."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import errors, explained
from prompt_capture.domain.datasets.requests import ExportRequest


class ExportMode(StrEnum):
    """Which dataset."""

    retraining = "retraining"
    review = "review"
    gold = "gold"
    labelled = "labelled"


class ExportPolicy(StrEnum):
    """By which rule a label is taken."""

    confidence = "confidence"
    audited = "audited"


class ReviewForm(StrEnum):
    """How a review file is written: plain, for a spreadsheet, or for Label Studio."""

    json = "json"
    csv = "csv"
    label_studio = "label-studio"


def export(
    mode: Annotated[
        ExportMode,
        typer.Option(help="What to retrain on, to review, to test on, or what people labelled."),
    ],
    policy: Annotated[
        ExportPolicy,
        typer.Option(
            help="confidence: corrected or confident. audited: what an audit found right."
        ),
    ] = ExportPolicy.confidence,
    days: Annotated[
        int | None, typer.Option(help="How far back; all there is if not given.")
    ] = None,
    confidence_threshold: Annotated[
        float | None, typer.Option(help="0.85 for retraining, 0.7 for review if not given.")
    ] = None,
    intent: Annotated[
        list[str] | None, typer.Option(help="Only labels of this intent; repeat it for more.")
    ] = None,
    model_version: Annotated[
        list[str] | None, typer.Option(help="Only what this version predicted; repeatable.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Only what a `rule` or the `model` predicted.")
    ] = None,
    since_last: Annotated[
        bool, typer.Option("--since-last", help="What changed since the last such dataset.")
    ] = False,
    floor: Annotated[
        float, typer.Option(help="audited: the least lower bound of a tier's precision.")
    ] = 0.9,
    anonymize: Annotated[
        bool | None,
        typer.Option(help="Pseudonyms for ids; no text that too few people sent the like of."),
    ] = None,
    users: Annotated[
        int, typer.Option(help="How many people must have sent the like, if anonymised.")
    ] = 3,
    form: Annotated[
        ReviewForm, typer.Option("--format", help="Of a review file: for whom it is.")
    ] = ReviewForm.json,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="A folder to write to, instead of the S3 bucket."),
    ] = None,
) -> None:
    """Export a dataset of captured prompts.

    Retraining: JSON lines of all corrected prompts and those predicted with confidence.
    Review: JSON of the uncertain ones, with the fields to fill in.

    Reads SUPABASE_URL with SUPABASE_SIGNING_KEY or SUPABASE_SECRET_KEY, and EXPORT_BUCKET.

    [bold]Example[/bold]  . .local/stacks/default/stack.env; prompt-capture export --mode review
    --days 7 --out build
    """
    from prompt_capture import bootstrap

    with explained():
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
                "users_per_cluster": users,
                "format": form.value,
            }
        )
        with errors.status("Exporting") as status:

            def report(rows: int) -> None:
                status.update(f"Exporting: {rows:,} rows")

            export_dataset = (
                bootstrap.export_to_folder(out, report) if out else bootstrap.export_dataset(report)
            )
            dataset = asyncio.run(export_dataset(request))
    for warning in dataset.warnings:
        errors.print(warning, style="yellow", highlight=False)
    typer.echo(f"{dataset.rows:,} rows in {dataset.url}")
