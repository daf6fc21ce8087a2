"""Compile with Lambda's Python, so that a cold start reads byte code and checks no dates."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from infra.packaging.interpreter import lambda_python


def compile_all(folder: Path, mounted_at: str, options: Sequence[str] = ()) -> None:
    """Compile what is below the folder; tracebacks name files where Lambda mounts them.

    A zip keeps dates to two seconds and ours are fixed, so byte code that is checked by date
    would be stale from the start.
    """
    command: list[str | Path] = [
        lambda_python(),
        *("-m", "compileall", "-q", "-f", "-j", "1", *options),
        *("--invalidation-mode", "unchecked-hash"),
        *("-s", folder, "-p", mounted_at, folder),
    ]
    environment = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, env=environment)  # noqa: S603


def replace_sources(folder: Path, mounted_at: str) -> None:
    """Leave byte code alone, in the place of the sources: for packages that are not ours."""
    compile_all(folder, mounted_at, options=["-b"])
    for source in folder.rglob("*.py"):
        source.unlink()
