"""End the demo with a sentence where something fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import typer
from rich.markup import escape

from cli.failures import errors, explained
from infra.local.processes import ServiceFailed
from infra.local.stack_lock import FolderInUse


class BrokenPromise(Exception):
    """The system did what it promises never to do, or not what it promises; says what."""


@contextmanager
def told() -> Iterator[None]:
    """Turn a failure of the stack, of a request or of a promise into a sentence and status 1."""
    try:
        with explained():
            yield
    except (BrokenPromise, FolderInUse, ServiceFailed, httpx.HTTPError) as error:
        errors.print(f"[red]The demo stops here. {escape(str(error))}[/red]", highlight=False)
        raise typer.Exit(1) from None
