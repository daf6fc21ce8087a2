"""`python -m infra.packaging.audit`: known vulnerabilities of what is deployed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.packaging.paths import LAYER_LOCK, function_locks

_PIP_AUDIT = Path(sys.executable).with_name("pip-audit")
_SECONDS = 120
_FOUND = 1
NOT_SCANNED = "Not scanned: the vulnerability data could not be reached."


def audit(options: Sequence[str] = ()) -> tuple[int, str]:
    """Answer the exit status and what there is to say: 0 nothing known, 1 found, 2 not scanned."""
    locks = [LAYER_LOCK, *function_locks()]
    command: list[str | Path] = [
        *(_PIP_AUDIT, "--no-deps", "--disable-pip"),
        *(part for lock in locks for part in ("--requirement", lock)),
        *("--progress-spinner", "off", *options),
    ]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return 2, NOT_SCANNED
    if done.returncode == _FOUND and "Found" not in done.stderr:
        return 2, NOT_SCANNED
    return done.returncode, (done.stdout + done.stderr).strip()


if __name__ == "__main__":
    status, said = audit()
    sys.stdout.write(f"{said}\n")
    sys.exit(status)
