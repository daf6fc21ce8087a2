"""`prompt-capture erase`: delete all data of a user."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cli.error_handling import error_console, exit_on_error
from cli.progress import ProgressBars, progress_bars

if TYPE_CHECKING:
    from prompt_capture.domain.erasures import ErasureReceipt, PendingErasuresReceipt

_STEPS = {
    "erasing": "Erasing rows, texts and corrections",
    "cleaning": "Cleaning exported objects",
}
_INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells set it."""


def erase(
    user: Annotated[UUID | None, typer.Option(help="The id of the user to erase.")] = None,
    pending: Annotated[
        bool,
        typer.Option("--pending", help="Finish interrupted erasures, and clean exported objects."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Erase all data of a user, and print a receipt.

    Deletes the user's prompts, their retained texts, corrections of texts that
    only they sent, and deferred changes.
    Where the user reviewed, a pseudonym replaces their id.
    The database refuses late writes of the user.

    Removes the user's lines from exported objects and deletes older versions.
    Reads each object back to verify it.

    The receipt is JSON: counts_before and counts_after (all zero) of the data,
    cleaned_objects, remaining_objects that could not be cleaned, dead_letters.
    If it was interrupted, run it again: it continues.

    --pending finishes the erasures that were interrupted.
    It cleans the exported objects of all erased users.
    These also remain after an account was deleted.

    Exit status: 0 if nothing remains, 1 if objects remain or it failed.

    Settings: SUPABASE_URL, SUPABASE_SECRET_KEY and those of AWS clients.
    With SPOOL_QUEUE_URL, also removes the user's dead letters of the spool.

    [bold]Examples[/bold]
      prompt-capture erase --user 6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d
      prompt-capture erase --yes --user 6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d
      prompt-capture erase --pending
    """
    if (user is None) != pending:
        raise typer.BadParameter("Choose --user or --pending.")
    if user and not yes:
        typer.confirm("This cannot be undone. Erase the user?", abort=True, err=True)
    with exit_on_error(), progress_bars(error_console) as progress:
        try:
            receipt = asyncio.run(_run(user, _reporter(progress)))
        except KeyboardInterrupt:
            error_console.print("Interrupted. Run the command again: it continues.", style="yellow")
            raise typer.Exit(_INTERRUPTED) from None
    typer.echo(receipt.model_dump_json(indent=2))
    if receipt.remaining_objects:
        error_console.print(
            f"{len(receipt.remaining_objects):,} exported objects still hold rows of erased users. "
            "Remove the reasons in remaining_objects, then run `prompt-capture erase --pending`.",
            style="yellow",
            highlight=False,
        )
        raise typer.Exit(1)


async def _run(
    user: UUID | None, report: Callable[[str, int, int], None]
) -> "ErasureReceipt | PendingErasuresReceipt":
    from prompt_capture.bootstrap.erasure import erase_user, finish_pending_erasures

    if user is not None:
        return await erase_user()(user, report)
    return await finish_pending_erasures()(report)


def _reporter(progress: ProgressBars) -> Callable[[str, int, int], None]:
    """Return a function that shows an activity from its first report on."""
    steps: dict[str, Callable[[int, int], None]] = {}

    def report(activity: str, done: int, total: int) -> None:
        if activity not in steps:
            steps[activity] = progress.step(_STEPS[activity])
        steps[activity](done, total)

    return report
