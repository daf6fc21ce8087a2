"""What all commands require of their arguments."""

import getpass
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cli.error_handling import exit_on_full_disk
from prompt_capture.domain.changes import validate_reviewer_name

_URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""How a URL begins, also where its path has lost a slash. Drives of Windows have one letter."""


class Command(TyperCommand):
    """Refuses empty values, and URLs in place of paths. Says so where a disk is full.

    An empty path would name the current folder. It usually comes from a variable of the shell that
    is not set. A URL would name a folder here, such as `s3:`.
    """

    def invoke(self, context: Any) -> Any:
        with exit_on_full_disk():
            return super().invoke(context)

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        for position, argument in enumerate(arguments):
            is_empty = not argument.strip()
            if is_empty or (argument.startswith("--") and argument.endswith("=")):
                before = arguments[position - 1] if position else ""
                option = before if is_empty else argument.removesuffix("=")
                subject = f"The value of {option}" if option.startswith("--") else "An argument"
                context.fail(f"{subject} is empty. Is a variable of the shell not set?")
        remaining = super().parse_args(context, arguments)
        for value in context.params.values():
            if isinstance(value, PathLike) and _URL.match(fspath(value)):
                context.fail(f"{fspath(value)} is a URL. Name a file or a folder of this machine.")
        return remaining


def check_writable(path: Path, option: str) -> None:
    """Fail before work that takes long where its result cannot be written after it."""
    existing = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not (existing == path or existing.is_dir()) or not os.access(existing, os.W_OK):
        raise typer.BadParameter(f"Cannot write {path}.", param_hint=option)


def _default_operator() -> str:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    raise typer.BadParameter("Name who decides: --operator NAME.")


def _validate_operator(name: str) -> str:
    try:
        return validate_reviewer_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"{error}. Name who decides: --operator NAME.") from None


def parse_moment(text: str) -> datetime:
    """Return a time that was typed. Without a time zone it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("Write the time as 2026-11-03T12:00Z, in UTC.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


OperatorOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        default_factory=_default_operator,
        callback=_validate_operator,
        show_default=False,
        help="Who decides. (default: your user name)",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
