"""`python -m infra.packaging.audit`: known vulnerabilities in the deployed packages."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.packaging.paths import function_locks, layer_locks

_PIP_AUDIT = Path(sys.executable).with_name("pip-audit")
_TIMEOUT_SECONDS = 120
_VULNERABLE, _NOT_SCANNED = 1, 2
NOT_SCANNED = (
    "Not scanned: the vulnerability database cannot be reached. "
    "Check the network connection and run `make audit` again."
)


def audit(options: Sequence[str] = ()) -> tuple[int, str]:
    """Return the exit status and the report.

    The status is 0 if no vulnerability is known, 1 if pip-audit finds one, 2 if it cannot scan.
    """
    locks = [*layer_locks(), *function_locks()]
    command: list[str | Path] = [
        *(_PIP_AUDIT, "--no-deps", "--disable-pip"),
        *(part for lock in locks for part in ("--requirement", lock)),
        *("--progress-spinner", "off", *options),
    ]
    try:
        process = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return _NOT_SCANNED, NOT_SCANNED
    # pip-audit exits with 1 for its own failures too.
    if process.returncode == _VULNERABLE and "Found" not in process.stderr:
        return _NOT_SCANNED, NOT_SCANNED
    return process.returncode, (process.stdout + process.stderr).strip()


if __name__ == "__main__":
    status, report = audit()
    sys.stdout.write(f"{report}\n")
    sys.exit(status)
