"""Exit the demo with an error message instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import typer
from rich.markup import escape

from cli.error_handling import error_console, exit_on_error
from infra.local.processes import ServiceFailed
from infra.local.stack_lock import FolderInUse


class DemoCheckFailed(Exception):
    """The system does not behave as it guarantees; the message says how."""


@contextmanager
def exit_on_demo_error() -> Iterator[None]:
    """Print a failure of the stack, a request or a check, and exit with status 1."""
    try:
        with exit_on_error():
            yield
    except (DemoCheckFailed, FolderInUse, ServiceFailed, httpx.HTTPError) as error:
        error_console.print(f"[red]The demo failed. {escape(str(error))}[/red]", highlight=False)
        raise typer.Exit(1) from None
