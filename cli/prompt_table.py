"""A table of captured prompts, printed while they are read, for terminals of 80 columns."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.printable import printable
from prompt_capture.domain.prompts import FailedPrompt, LabelledPrompt, ReviewablePrompt

BATCH_SIZE = 100
"""Rows that are laid out at once: a batch is all that the table holds in memory."""

_INDENT = "  "
_GAP = 2
_DETAILS_WIDTH, _NUMBERS_WIDTH = 21, 11
_MIN_TEXT_WIDTH = 38
"""The width of an indented id."""

Cell = tuple[str, ...]
"""The lines of a cell."""


async def print_prompts(
    console: Console, prompts: AsyncIterator[ReviewablePrompt], limit: int
) -> int:
    """Print at most `limit` prompts, 0 for all, and a footer. Return their number."""
    batch: list[ReviewablePrompt] = []
    printed, has_more = 0, False
    async for prompt in prompts:
        if limit and printed + len(batch) == limit:
            has_more = True
            break
        batch.append(prompt)
        if len(batch) == BATCH_SIZE:
            _print_batch(console, batch, has_header=not printed)
            printed += len(batch)
            batch = []
    if batch:
        _print_batch(console, batch, has_header=not printed)
        printed += len(batch)
    if printed:
        console.print(f"\n{_footer(printed, has_more)}", highlight=False, markup=False)
    return printed


def _footer(printed: int, has_more: bool) -> str:
    if has_more:
        return f"{printed:,} prompts, and more match. For all: --limit 0. For recent: --days N."
    return f"{printed:,} prompt." if printed == 1 else f"{printed:,} prompts."


def _print_batch(console: Console, batch: Sequence[ReviewablePrompt], has_header: bool) -> None:
    used = _DETAILS_WIDTH + _NUMBERS_WIDTH + 2 * _GAP
    text_width = max(_MIN_TEXT_WIDTH, console.width - used)
    table = Table(box=None, show_header=has_header, pad_edge=False, padding=(0, _GAP, 0, 0))
    for heading, width in zip(
        _headings(batch[0]), (text_width, _DETAILS_WIDTH, _NUMBERS_WIDTH), strict=True
    ):
        table.add_column(_lines(heading), width=width, no_wrap=True, overflow="ellipsis")
    for prompt in batch:
        table.add_row(*(_lines(cell) for cell in _cells(prompt)))
    console.print(table)


def _headings(prompt: ReviewablePrompt) -> tuple[Cell, Cell, Cell]:
    """Return headings of equal height: rich aligns shorter ones at the bottom."""
    match prompt:
        case FailedPrompt():
            return (
                ("Prompt", "ID", "Error"),
                ("Intent", "Time (UTC)", "Workflow"),
                ("Confidence", "", ""),
            )
        case LabelledPrompt():
            return (
                ("Prompt", "ID", ""),
                ("Label", "Time (UTC)", "Secondary intents"),
                ("Confidence", "Corrected", ""),
            )
        case _:
            return ("Prompt", "ID"), ("Intent", "Time (UTC)"), ("Confidence", "")


def _cells(prompt: ReviewablePrompt) -> tuple[Cell, Cell, Cell]:
    time = f"{prompt.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    text, confidence = (prompt.prompt, str(prompt.id)), f"{prompt.confidence:.3f}"
    match prompt:
        case FailedPrompt():
            return (
                (*text, prompt.execution_error or "-"),
                (prompt.predicted_intent, time, prompt.workflow_type or "-"),
                (confidence,),
            )
        case LabelledPrompt():
            is_corrected = "yes" if prompt.corrected_intent else "no"
            secondary = prompt.corrected_secondary_intents
            stated = () if secondary is None else (", ".join(secondary) or "none",)
            return text, (prompt.label, time, *stated), (confidence, is_corrected)
        case _:
            return text, (prompt.predicted_intent, time), (confidence,)


def _lines(cell: Cell) -> Text:
    """Stack the lines of a cell. The first is prominent, the others are details."""
    first, *details = map(printable, cell)
    text = Text(first)
    for detail in details:
        text.append(f"\n{_INDENT}{detail}", style="dim")
    return text
