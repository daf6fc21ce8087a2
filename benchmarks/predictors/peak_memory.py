"""Serve one model in this process and print the peak of its resident memory in bytes.

    python -m benchmarks.predictors.peak_memory MODULE:CLASS FOLDER < MESSAGES

Each line of the standard input is one message.
"""

import re
import sys
from pathlib import Path

from benchmarks.predictors.loading import load_predictor

STATUS_FILE = Path("/proc/self/status")


def read_peak_memory() -> int:
    """Return this process's largest resident set so far, in bytes.

    The value is read from VmHWM, because `ru_maxrss` starts at the value of the parent process.
    """
    match = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS_FILE.read_text(), re.MULTILINE)
    assert match is not None  # noqa: S101 - Linux writes it
    return int(match[1]) * 1024


if __name__ == "__main__":
    model = load_predictor(sys.argv[1], Path(sys.argv[2]))
    for line in sys.stdin:
        model.predict(line.rstrip("\n"))
    sys.stdout.write(f"{read_peak_memory()}\n")
