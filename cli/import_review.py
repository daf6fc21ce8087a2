"""`prompt-capture import-review`: record the corrections of a completed review file."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from cli.error_handling import error_console, exit_on_error
from cli.printable import count_of, printable
from prompt_capture.domain.changes import validate_reviewer_name
from prompt_capture.domain.errors import InvalidFile, InvalidReview
from prompt_capture.domain.review_files import Review, read_review
from prompt_capture.domain.reviewed_prompts import Unit
from prompt_capture.domain.text_files import decode_text, decompress
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.workflows.import_review import AppliedPlan, ImportPlan, ImportReview

_SHOWN = 5
"""How many entries with the same remark are named."""

_PLURALS: Final[dict[Unit, str]] = {"entry": "entries", "line": "lines"}


def _validate_reviewer(name: str) -> str:
    try:
        return validate_reviewer_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


def import_review(
    file: Annotated[Path, typer.Argument(help="A review dataset with corrected_intent filled in.")],
    reviewer: Annotated[
        str, typer.Option(help="The name of the reviewer.", callback=_validate_reviewer)
    ],
    apply: Annotated[bool, typer.Option("--apply", help="Record the corrections.")] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace corrections recorded since the export, too."),
    ] = False,
) -> None:
    """Show the corrections in a review file; --apply records them.

    Accepts JSON, JSON lines, CSV and the exports of Label Studio.
    Accepts files that are compressed with gzip.
    Ignores entries without a corrected_intent.
    Reports invalid entries, which do not affect the others; exit status 1.
    Records nothing for a prompt on which entries or annotators disagree.
    Reports entries that others corrected while it ran; exit status 1.
    Importing a file twice changes nothing.

    Settings: SUPABASE_URL and SUPABASE_SECRET_KEY.

    [bold]Examples[/bold]
      prompt-capture import-review review.json --reviewer grace
      prompt-capture import-review review.json --reviewer grace --apply
    """
    from prompt_capture.bootstrap.stores import service_store

    with exit_on_error():
        review = _read(file)
        workflow = ImportReview(service_store(), reviewer)
        with error_console.status("Importing") as status:

            def report(recorded: int) -> None:
                status.update(f"Importing: {recorded:,} recorded")

            plan, applied = asyncio.run(_run(workflow, review, apply, overwrite, report))
    _print_plan(Console(), plan, overwrite)
    _print_unread(plan.review)
    if applied:
        typer.echo(f"Recorded {count_of(applied.recorded, 'correction')}.")
        _print_changed(plan.review, applied)
    elif plan.new or plan.agreed or (overwrite and plan.overwrites):
        typer.echo("Nothing was recorded. Add --apply to record the corrections.")
    else:
        typer.echo("There is nothing to record.")
    if plan.errors or (applied and applied.changed):
        raise typer.Exit(1)


def _read(file: Path) -> Review:
    if file.is_dir():
        raise InvalidReview(f"{file} is a folder. Name the review file in it.")
    try:
        return read_review(decode_text(decompress(file.read_bytes())))
    except OSError as error:
        raise InvalidReview(f"{file} cannot be read: {error.strerror}.") from None
    except InvalidFile as error:
        raise InvalidReview(f"{file} cannot be read: {error}") from None


async def _run(
    workflow: ImportReview,
    review: Review,
    apply: bool,
    overwrite: bool,
    report: Callable[[int], None],
) -> tuple[ImportPlan, AppliedPlan | None]:
    plan = await workflow.plan(review)
    return plan, await workflow.apply(plan, overwrite, report) if apply else None


def _print_changed(review: Review, applied: AppliedPlan) -> None:
    """Report the decisions that were not recorded, since their prompts changed meanwhile."""
    changed = set(applied.changed)
    entries = [number for number, entry in review.decided.items() if entry.id in changed]
    if entries:
        error_console.print(
            f"{count_of(len(entries), 'decision was', 'decisions were')} not recorded, since "
            "somebody corrected or deleted the prompt while the import ran "
            f"({_list_places(review.unit, entries)}). Import the file again to see the present "
            "state.",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _print_unread(review: Review) -> None:
    """Name the fields that are not read, and the entries whose notes are not kept as written."""
    warnings = []
    if review.ignored:
        names = ", ".join(map(printable, review.ignored))
        warnings.append(f"Not read: {names}. A review file has no such fields.")
    if review.rejected:
        places = _list_places(review.unit, review.rejected)
        warnings.append(f"Not counted: annotations that a reviewer rejected ({places}).")
    if review.unrecorded_notes:
        places = _list_places(review.unit, review.unrecorded_notes)
        warnings.append(
            f"Not recorded: notes without a corrected_intent ({places}). Fill it in to record them."
        )
    if review.shortened_notes:
        places = _list_places(review.unit, review.shortened_notes)
        warnings.append(f"Shortened: notes over {MAX_NOTE_LENGTH:,} characters ({places}).")
    for warning in warnings:
        error_console.print(warning, style="yellow", highlight=False, markup=False, soft_wrap=True)


def _list_places(unit: Unit, entries: Sequence[int]) -> str:
    """Return the first of some entries, and how many follow."""
    numbers = ", ".join(map(str, entries[:_SHOWN]))
    more = len(entries) - _SHOWN
    units = unit if len(entries) == 1 else _PLURALS[unit]
    return f"{units} {numbers}{f' and {more:,} more' if more > 0 else ''}"


def _print_plan(console: Console, plan: ImportPlan, overwrite: bool) -> None:
    overwrites = "replaced" if overwrite else "corrected since; --overwrite replaces them"
    for count, description in (
        (len(plan.new), "new corrections"),
        (len(plan.agreed), "agree with what others decided"),
        (len(plan.overwrites), overwrites),
        (plan.unchanged, "already recorded"),
        (plan.undecided, "without a corrected_intent"),
        (plan.repeated, "repeat the decision of an earlier entry"),
        (len(plan.errors), "invalid"),
    ):
        console.print(f"{count:>7,}  {description}", highlight=False)
    for intent, count in Counter(entry.corrected_intent for entry in plan.new).most_common():
        console.print(f"         {intent}: {count:,} new", highlight=False, markup=False)
    if stated := sum(entry.corrected_secondary_intents is not None for entry in plan.new):
        console.print(f"         {stated:,} new with secondary intents", highlight=False)
    for conflict in plan.overwrites:
        console.print(
            f"         {plan.review.unit} {conflict.entry}: recorded as {conflict.on_record}, "
            f"{conflict.reviewed.decision} in the file",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for error in plan.errors:
        console.print(
            f"         {plan.review.unit} {error.entry}: {printable(error.reason)}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
