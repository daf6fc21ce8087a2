"""End a command with an error message instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from prompt_capture.domain.errors import PromptCaptureError
from training.data.examples import InvalidExamples

error_console = Console(stderr=True)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an expected error into a message and exit status 1."""
    try:
        yield
    except (PromptCaptureError, InvalidExamples) as error:
        error_console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
