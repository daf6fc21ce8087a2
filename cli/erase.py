"""`prompt-capture erase`: delete all data of a user."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from cli.error_handling import exit_on_error


def erase(
    user: Annotated[UUID, typer.Option(help="The id of the user to erase.")],
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
    cleaned_objects, remaining_objects that could not be reached, dead_letters.
    If objects remain or the command was interrupted, run it again.

    Settings: SUPABASE_URL, SUPABASE_SECRET_KEY and those of AWS clients.
    With SPOOL_QUEUE_URL, also removes the user's dead letters of the spool.

    [bold]Examples[/bold]
      prompt-capture erase --user 6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d
      prompt-capture erase --yes --user 6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d
    """
    from prompt_capture import bootstrap

    if not yes:
        typer.confirm("This cannot be undone. Erase the user?", abort=True, err=True)
    with exit_on_error():
        receipt = asyncio.run(bootstrap.erase_user()(user))
    typer.echo(receipt.model_dump_json(indent=2))
