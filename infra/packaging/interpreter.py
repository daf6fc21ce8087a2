"""Find the Python version that Lambda runs, which may differ from the one that runs the build.

`python -m infra.packaging.interpreter` reports what is skipped where it is not installed.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from infra.packaging import PackagingError
from infra.packaging.paths import ROOT
from infra.packaging.targets import PYTHON_VERSION


@cache
def find_lambda_python() -> Path:
    """Return an interpreter of Lambda's version; raises `PackagingError` where there is none.

    Search LAMBDA_PYTHON, this process, and what `infra/find-python` searches, in this order. The
    result is never that of a virtual environment, whose packages would hide a missing one.
    """
    first = os.environ.get("LAMBDA_PYTHON") or sys.executable
    process = subprocess.run(  # noqa: S603
        [ROOT / "infra" / "find-python", PYTHON_VERSION],
        env=os.environ | {"LAMBDA_PYTHON": first},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise PackagingError(
            f"Python {PYTHON_VERSION} is not found; packages are compiled and tested with it. "
            f"Install it (`uv python install {PYTHON_VERSION}`, `pyenv install {PYTHON_VERSION}`, "
            "or Debian 13's package), or set LAMBDA_PYTHON to its path."
        )
    return Path(process.stdout.strip())


def main() -> None:
    """Print one line about what is skipped, or nothing."""
    try:
        find_lambda_python()
    except PackagingError:
        sys.stdout.write(
            f"Python {PYTHON_VERSION} is not found: the tests of the built packages are skipped, "
            "and `make package` and `make bench NAME=cold` do not work.\n"
        )


if __name__ == "__main__":
    main()
