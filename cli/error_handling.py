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
    """Turn an expected error into a message and exit status 1.

    An error of the operating system is expected where it is about a path: a folder above it may not
    be accessible, or its name too long.
    """
    try:
        yield
    except (PromptCaptureError, InvalidExamples) as error:
        message = str(error)
    except OSError as error:
        if error.filename is None:
            raise
        message = f"{error.filename} cannot be used: {error.strerror}."
    else:
        return
    error_console.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
