"""Find the Python version that Lambda runs, which may differ from the one that runs the build."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infra.packaging.errors import PackagingError
from infra.packaging.targets import PYTHON_VERSION

_NAME = f"python{PYTHON_VERSION}"


@cache
def find_lambda_python() -> Path:
    """Return an interpreter of Lambda's version; raises `PackagingError` where there is none.

    Search LAMBDA_PYTHON, the PATH, and the installations of pyenv and uv, in this order.
    """
    for candidate in _candidates():
        if _has_lambda_version(candidate):
            return candidate
    raise PackagingError(
        f"Python {PYTHON_VERSION} is not found; packages are compiled and tested with it. "
        f"Install it (`uv python install {PYTHON_VERSION}`, `pyenv install {PYTHON_VERSION}`, or "
        "Debian 13's package), or set LAMBDA_PYTHON to its path."
    )


def _candidates() -> Iterator[Path]:
    if configured := os.environ.get("LAMBDA_PYTHON"):
        yield Path(configured)
    if on_path := shutil.which(_NAME):
        yield Path(on_path)
    for pyenv in _pyenv_roots():
        yield from sorted(pyenv.glob(f"versions/{PYTHON_VERSION}.*/bin/{_NAME}"), reverse=True)
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    yield from sorted(uv.glob(f"cpython-{PYTHON_VERSION}.*/bin/{_NAME}"), reverse=True)


def _pyenv_roots() -> Iterator[Path]:
    """Yield pyenv's folders; a shim works only where its version is active, but leads to them."""
    yield Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    if (shim := shutil.which(_NAME)) and Path(shim).parent.name == "shims":
        yield Path(shim).parent.parent


def _has_lambda_version(candidate: Path) -> bool:
    """Run the candidate to find out: pyenv has shims for versions that are not active."""
    try:
        process = subprocess.run(  # noqa: S603
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return process.stdout.strip() == PYTHON_VERSION
