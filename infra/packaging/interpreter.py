"""Find the Python that Lambda runs, which need not be the one that builds."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infra.packaging.failures import PackageRefused
from infra.packaging.targets import PYTHON_VERSION

_NAME = f"python{PYTHON_VERSION}"


@cache
def lambda_python() -> Path:
    """Answer an interpreter of Lambda's version; raises `PackageRefused` where there is none.

    LAMBDA_PYTHON names it, or it is on the PATH, or pyenv or uv installed it.
    """
    for candidate in _candidates():
        if _answers(candidate):
            return candidate
    raise PackageRefused(
        f"Packages are compiled and tested with Python {PYTHON_VERSION}, which is not here. "
        f"Install it (`uv python install {PYTHON_VERSION}`, `pyenv install {PYTHON_VERSION}`, or "
        "Debian 13's own), or name it in LAMBDA_PYTHON."
    )


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("LAMBDA_PYTHON"):
        yield Path(named)
    if found := shutil.which(_NAME):
        yield Path(found)
    for pyenv in _pyenv_roots():
        yield from sorted(pyenv.glob(f"versions/{PYTHON_VERSION}.*/bin/{_NAME}"), reverse=True)
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    yield from sorted(uv.glob(f"cpython-{PYTHON_VERSION}.*/bin/{_NAME}"), reverse=True)


def _pyenv_roots() -> Iterator[Path]:
    """A shim answers only where its version is chosen, but lies beside all of them."""
    yield Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    if (shim := shutil.which(_NAME)) and Path(shim).parent.name == "shims":
        yield Path(shim).parent.parent


def _answers(candidate: Path) -> bool:
    """A shim may be there for a version that is not."""
    try:
        told = subprocess.run(  # noqa: S603
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return told.stdout.strip() == PYTHON_VERSION
