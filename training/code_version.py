"""The version of the code that trains."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from shutil import which

_ROOT = Path(__file__).parents[1]
_CODE = ("training", "shared/python")


@cache
def code_version() -> str:
    """Return the release, and in a checkout the commit: `0.1.0+g8ad5fee82897`.

    `.modified` follows where the code differs from the commit.
    """
    release = version("prompt-capture")
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return release
    changed = _git("status", "--porcelain", "--", *(str(_ROOT / folder) for folder in _CODE))
    return f"{release}+g{commit}{'.modified' if changed else ''}"


def _git(*arguments: str) -> str:
    """Return the output of a git command, or "" where there is no git or no checkout."""
    program = which("git")
    if program is None:
        return ""
    command = [program, "--no-optional-locks", "-C", str(_ROOT), *arguments]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return completed.stdout.strip() if completed.returncode == 0 else ""
