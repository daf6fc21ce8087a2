"""`prompt-capture redrive`: look at the spool's dead letters, and send them again."""

from typing import Annotated

import typer

from cli.failures import explained


def redrive(
    send: Annotated[bool, typer.Option("--send", help="Send them to the queue again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, whatever else is said.")
    ] = False,
) -> None:
    """Show how many captured prompts could not be written, why they were spooled, and since when.

    No prompt is shown. A prompt that is sent again and again is stored once. Unreadable messages
    are left where they are.

    Reads SPOOL_QUEUE_URL and the settings of AWS clients.

    [bold]Example[/bold]  prompt-capture redrive --send
    """
    from prompt_capture import bootstrap

    with explained():
        summary = bootstrap.redrive_dead_letters()(send and not dry_run)
    typer.echo(summary.model_dump_json(indent=2))
