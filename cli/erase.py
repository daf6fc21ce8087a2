"""`prompt-capture erase`: remove a person everywhere."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from cli.failures import explained


def erase(
    user: Annotated[UUID, typer.Option(help="The id of the user to erase.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove all that is kept of a user, and print a receipt.

    Rows, the texts kept of them, corrections of what only they sent, their name where they
    corrected. A late write of theirs is refused from now on. What is left is read again; exported
    objects that still hold their messages are named.

    Reads SUPABASE_URL and SUPABASE_SECRET_KEY; with SPOOL_QUEUE_URL, and the settings of AWS
    clients, it also removes their messages from the spool's dead letters.

    [bold]Example[/bold]  prompt-capture erase --user 6f0f4b1e-3c52-4d0a-9d5b-0a3f5a1c2b3d
    """
    from prompt_capture import bootstrap

    if not yes:
        typer.confirm("This cannot be undone. Erase the user?", abort=True, err=True)
    with explained():
        receipt = asyncio.run(bootstrap.erase_user()(user))
    typer.echo(receipt.model_dump_json(indent=2))
