"""End a command with an error message instead of a traceback."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer
from rich.console import Console

from prompt_capture.domain.errors import PromptCaptureError
from training.data.examples import InvalidExamples

error_console = Console(stderr=True)

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The errors of writing where a disk is full, or where a quota or a limit is reached."""


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
        if error.errno in _NO_SPACE or error.filename is None:
            raise
        message = f"{error.filename} cannot be used: {error.strerror}."
    else:
        return
    _exit(message)


@contextmanager
def exit_on_full_disk() -> Iterator[None]:
    """Turn the error of writing a file, or standard output, on a full disk into a message."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        _drop_unwritten_output()
        subject = error.filename or "The output"
        _exit(
            f"{subject} cannot be written: {error.strerror}. Free some space, and run the command "
            "again."
        )


def _drop_unwritten_output() -> None:
    """Drop what standard output cannot take: the interpreter would fail with it once more."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _exit(message: str) -> None:
    error_console.print(message, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
