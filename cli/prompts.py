"""`prompt-capture prompts`: list captured prompts that need attention or teach the model."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer
from rich.console import Console

from cli.error_handling import exit_on_error
from cli.printable import json_for_terminals
from cli.prompt_table import print_prompts
from prompt_capture.domain.datasets.kinds import ConfidenceDataset, ReviewFile
from prompt_capture.domain.prompts import LabelledPrompt, ReviewablePrompt
from prompt_capture.ports.review import PromptReader

Selection = Literal["low-confidence", "failed", "for-retraining"]

TABLE_LIMIT = 50
MAX_DAYS = 3650
LOW_CONFIDENCE_THRESHOLD = ReviewFile.default_threshold
RETRAINING_THRESHOLD = ConfidenceDataset.default_threshold

_SELECTION = "Which prompts"
"""A panel of the help text."""

_INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended."""


@dataclass(frozen=True)
class PromptQuery:
    """Which prompts to list. `threshold` is a confidence, which failed prompts do not have."""

    selection: Selection
    threshold: float
    days: int | None

    @property
    def since(self) -> datetime | None:
        """The earliest time of capture."""
        return datetime.now(UTC) - timedelta(days=self.days) if self.days else None

    def run(self, reader: PromptReader) -> AsyncIterator[ReviewablePrompt]:
        """Stream the prompts, oldest first."""
        match self.selection:
            case "low-confidence":
                return reader.get_low_confidence_prompts(self.threshold, self.since)
            case "failed":
                return reader.get_failed_workflow_prompts(self.since)
            case "for-retraining":
                return reader.get_prompts_for_retraining(self.threshold, self.since)

    def describe_empty(self) -> str:
        """Return a message for a query without results."""
        subjects = {
            "low-confidence": f"No uncorrected prompts have a confidence below {self.threshold:g}",
            "failed": "No workflow failed",
            "for-retraining": "No prompts are corrected or have a confidence above "
            f"{self.threshold:g}",
        }
        period = f" in the last {self.days} days" if self.days else ""
        return f"{subjects[self.selection]}{period}."


def _validate_threshold(threshold: float | None) -> float | None:
    if threshold is not None and not 0 <= threshold <= 1:  # NaN too
        raise typer.BadParameter("The threshold must be a number from 0 to 1.")
    return threshold


def _validate_days(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise typer.BadParameter(f"The number of days must be from 1 to {MAX_DAYS}.")
    return days


def prompts(
    context: typer.Context,
    low_confidence: Annotated[
        bool,
        typer.Option(
            "--low-confidence",
            rich_help_panel=_SELECTION,
            help="Uncorrected prompts with a confidence below the threshold.",
        ),
    ] = False,
    failed: Annotated[
        bool,
        typer.Option("--failed", rich_help_panel=_SELECTION, help="Prompts whose workflow failed."),
    ] = False,
    for_retraining: Annotated[
        bool,
        typer.Option(
            "--for-retraining",
            rich_help_panel=_SELECTION,
            help="Corrected prompts, and those with a confidence above the threshold.",
        ),
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            callback=_validate_threshold,
            help="The confidence threshold. (default: 0.7, 0.85 for --for-retraining)\n\n"
            "Not for --failed.",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="N", callback=_validate_days, help="Only prompts captured in the last N days."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="List at most N prompts; 0 lists all. (default: 50, with --json all)",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for programs.")
    ] = False,
) -> None:
    """List captured prompts: uncertain, failed, or for retraining.

    Choose one of --low-confidence, --failed and --for-retraining.
    Lists the oldest prompts first.
    Changes nothing.
    Except for --failed, excludes disputed texts, and prompts beyond the daily cap
    of their user.

    The table crops long texts.
    With --json, texts are complete.
    Fields: id, prompt, predicted_intent, confidence, created_at.
    For --failed, also workflow_type and execution_error.
    For --for-retraining, also corrected_intent, corrected_secondary_intents
    and label.

    Settings: SUPABASE_URL and SUPABASE_SECRET_KEY.

    [bold]Examples[/bold]
      prompt-capture prompts --low-confidence --threshold 0.5
      prompt-capture prompts --failed --days 7
      prompt-capture prompts --for-retraining --json > labels.jsonl
    """
    query = PromptQuery(
        _selection(context, low_confidence, failed, for_retraining),
        _threshold(context, failed, for_retraining, threshold),
        days,
    )
    try:
        with exit_on_error():
            asyncio.run(_list_prompts(query, limit, as_json))
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def _selection(
    context: typer.Context, low_confidence: bool, failed: bool, for_retraining: bool
) -> Selection:
    flags: dict[Selection, bool] = {
        "low-confidence": low_confidence,
        "failed": failed,
        "for-retraining": for_retraining,
    }
    selected = [selection for selection, is_set in flags.items() if is_set]
    if len(selected) != 1:
        context.fail("Choose exactly one of --low-confidence, --failed and --for-retraining.")
    return selected[0]


def _threshold(
    context: typer.Context, failed: bool, for_retraining: bool, threshold: float | None
) -> float:
    if failed and threshold is not None:
        context.fail("--threshold is not for --failed: a failure does not depend on a confidence.")
    if threshold is not None:
        return threshold
    return RETRAINING_THRESHOLD if for_retraining else LOW_CONFIDENCE_THRESHOLD


async def _list_prompts(query: PromptQuery, limit: int | None, as_json: bool) -> None:
    from prompt_capture.bootstrap.access import PAGE_TIMEOUT_SECONDS
    from prompt_capture.bootstrap.stores import service_store

    store = service_store(PAGE_TIMEOUT_SECONDS)
    rows = query.run(store)
    if as_json:
        listed = await _print_json(rows, limit)
    else:
        listed = await print_prompts(Console(), rows, TABLE_LIMIT if limit is None else limit)
    if not listed:
        typer.echo(query.describe_empty(), err=as_json)


async def _print_json(rows: AsyncIterator[ReviewablePrompt], limit: int | None) -> int:
    listed = 0
    async for prompt in rows:
        typer.echo(_json_line(prompt))
        listed += 1
        if listed == limit:
            break
    return listed


def _json_line(prompt: ReviewablePrompt) -> str:
    """Return a prompt as JSON in printable ASCII, since a terminal may show it."""
    fields = prompt.model_dump(mode="json")
    if isinstance(prompt, LabelledPrompt):
        fields["label"] = prompt.label
    return json_for_terminals(json.dumps(fields))
