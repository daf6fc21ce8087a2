"""`prompt-capture export`: a dataset by hand."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import errors, explained
from prompt_capture import bootstrap
from prompt_capture.domain.datasets import ExportRequest


class ExportMode(StrEnum):
    """Which dataset."""

    retraining = "retraining"
    review = "review"


def export(
    mode: Annotated[ExportMode, typer.Option(help="What to retrain on, or what to review.")],
    days: Annotated[
        int | None, typer.Option(help="How far back; all there is if not given.")
    ] = None,
    confidence_threshold: Annotated[
        float | None, typer.Option(help="0.85 for retraining, 0.7 for review if not given.")
    ] = None,
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
    with explained():
        request = ExportRequest.from_event(
            {"mode": mode.value, "days": days, "confidence_threshold": confidence_threshold}
        )
        with errors.status("Exporting") as status:

            def report(rows: int) -> None:
                status.update(f"Exporting: {rows:,} rows")

            export_dataset = (
                bootstrap.export_to_folder(out, report) if out else bootstrap.export_dataset(report)
            )
            dataset = asyncio.run(export_dataset(request))
    typer.echo(f"{dataset.rows:,} rows in {dataset.url}")
