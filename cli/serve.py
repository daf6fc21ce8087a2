"""`prompt-capture serve`: run the local stack until Ctrl-C."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from prompt_capture.domain.errors import InvalidSettings


def serve(
    name: Annotated[str, typer.Option(help="The name of the stack.")] = "default",
    model: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="The folder of a trained model to serve instead of the shipped one.",
        ),
    ] = None,
) -> None:
    """Run the local stack on this machine until Ctrl-C.

    Starts PostgreSQL, PostgREST, S3, SQS and all functions on loopback.
    Prints their addresses and keys.
    Stacks with different names run side by side.
    Needs no Docker.
    Deletes all data when the stack stops.

    Settings: CORS_ALLOW_ORIGINS, the web pages that may call the functions.

    [bold]Examples[/bold]
      prompt-capture serve
      prompt-capture serve --name candidate --model build/next
    """
    from cli.served_stack import print_stack, stack_settings, start_stack
    from infra.local.processes import ServiceFailed
    from infra.local.stack import Stack
    from infra.local.stack_lock import FolderInUse

    console = Console()
    # A supervisor stops a process by SIGTERM, and a terminal that closes by SIGHUP. The stack then
    # stops as for Ctrl-C. `nohup` ignores SIGHUP, and so does a stack that it starts.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        stack = Stack(name, stack_settings(model))
    except InvalidSettings as error:
        raise typer.BadParameter(str(error)) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--name") from None
    try:
        start_stack(console, stack)
        print_stack(console, stack)
        threading.Event().wait()
    except (FolderInUse, ServiceFailed) as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("\nStopping.")
    finally:
        stack.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a shell may repeat it while the stack stops
    raise KeyboardInterrupt
