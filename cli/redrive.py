"""`prompt-capture redrive`: show the spool's dead letters, and send them again."""

from typing import Annotated

import typer

from cli.error_handling import exit_on_error


def redrive(
    send: Annotated[
        bool, typer.Option("--send", help="Send the dead letters to the spool queue again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, even with --send.")
    ] = False,
) -> None:
    """Show the spool's dead letters; --send sends them again.

    Dead letters are captured prompts that the drain could not store.
    Prints JSON: dead_letters (their number), reasons why they were spooled,
    oldest, newest, and how many were sent.
    Prints no prompt.
    A prompt that is sent several times is stored once.
    Unreadable messages stay in the dead-letter queue.

    Settings: SPOOL_QUEUE_URL and those of AWS clients.

    [bold]Examples[/bold]
      prompt-capture redrive
      prompt-capture redrive --send
    """
    from prompt_capture.bootstrap.dead_letters import redrive_dead_letters

    with exit_on_error():
        summary = redrive_dead_letters()(send and not dry_run)
    typer.echo(summary.model_dump_json(indent=2))
