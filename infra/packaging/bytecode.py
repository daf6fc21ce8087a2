"""Compile with Lambda's Python, so that a cold start loads bytecode without checking sources."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from infra.packaging.interpreter import find_lambda_python


def compile_all(folder: Path, mount_path: str, options: Sequence[str] = ()) -> None:
    """Compile all modules below the folder; tracebacks name the paths below `mount_path`.

    A zip stores dates with a resolution of two seconds, and these zips have a fixed date:
    bytecode that is validated by date would always be stale.
    """
    command: list[str | Path] = [
        find_lambda_python(),
        *("-m", "compileall", "-q", "-f", "-j", "1", *options),
        *("--invalidation-mode", "unchecked-hash"),
        *("-s", folder, "-p", mount_path, folder),
    ]
    environment = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, env=environment)  # noqa: S603


def replace_sources(folder: Path, mount_path: str) -> None:
    """Replace each source with its bytecode, for third-party packages."""
    compile_all(folder, mount_path, options=["-b"])
    for source in folder.rglob("*.py"):
        source.unlink()
