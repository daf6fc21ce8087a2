"""`prompt-capture import-review`: bring back a review file that a person filled in."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.failures import errors, explained
from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.reviewers import own_name
from prompt_capture.domain.reviews import Review, read_review
from prompt_capture.workflows.import_review import ImportPlan, ImportReview


def _name(reviewer: str) -> str:
    try:
        return own_name(reviewer)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


def import_review(
    file: Annotated[Path, typer.Argument(help="A review export, corrected_intent filled in.")],
    reviewer: Annotated[str, typer.Option(help="Who decided.", callback=_name)],
    apply: Annotated[bool, typer.Option("--apply", help="Record it, not just show it.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace other corrections made since the export.")
    ] = False,
) -> None:
    """Record the corrections of a review file; without --apply, only show what would change.

    Entries without a corrected_intent are left alone, faulty ones are named and take no other
    with them, and importing a file twice changes nothing.

    Reads SUPABASE_URL and SUPABASE_SECRET_KEY.

    [bold]Example[/bold]  prompt-capture import-review review.json --reviewer grace --apply
    """
    from prompt_capture import bootstrap

    with explained():
        review = read_review(_text(file))
        importing = ImportReview(bootstrap.service_store(), reviewer)
        with errors.status("Importing") as status:

            def report(recorded: int) -> None:
                status.update(f"Importing: {recorded:,} recorded")

            plan, recorded = asyncio.run(_run(importing, review, apply, overwrite, report))
    _show(Console(), plan, overwrite)
    if apply:
        typer.echo(f"{recorded:,} corrections recorded.")
    else:
        typer.echo("Nothing was recorded: add --apply to do it.")
    if plan.faults:
        raise typer.Exit(1)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidReview(f"{file} cannot be read: {error}") from None


async def _run(
    importing: ImportReview,
    review: Review,
    apply: bool,
    overwrite: bool,
    report: Callable[[int], None],
) -> tuple[ImportPlan, int]:
    plan = await importing.plan(review)
    recorded = await importing.apply(plan, overwrite, report) if apply else 0
    return plan, recorded


def _show(console: Console, plan: ImportPlan, overwrite: bool) -> None:
    replaced = "replaced" if overwrite else "kept as corrected since; --overwrite replaces them"
    for count, what in (
        (len(plan.new), "new corrections"),
        (len(plan.overwriting), replaced),
        (plan.unchanged, "on record already"),
        (plan.undecided, "left empty"),
        (len(plan.faults), "faulty"),
    ):
        console.print(f"{count:>7,}  {what}", highlight=False)
    for intent, count in Counter(entry.corrected_intent for entry in plan.new).most_common():
        console.print(f"         {intent}: {count:,} new", highlight=False, markup=False)
    for conflict in plan.overwriting:
        console.print(
            f"         entry {conflict.entry}: {conflict.on_record} is on record, the file says "
            f"{conflict.reviewed.corrected_intent}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for fault in plan.faults:
        console.print(
            f"         entry {fault.entry}: {fault.reason}", highlight=False, markup=False
        )
