"""A process that serves one model: answers the messages it is given and says what that took.

    python -m benchmarks.served.peak_memory MODULE:CLASS FOLDER < MESSAGES

Prints the peak of its resident memory in bytes.
"""

import re
import sys
from pathlib import Path

from benchmarks.served.loading import load

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Answer this process's largest resident set so far, in bytes.

    Read from VmHWM: `ru_maxrss` starts from that of the process which started this one.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found is not None  # noqa: S101 - Linux writes it
    return int(found[1]) * 1024


if __name__ == "__main__":
    model = load(sys.argv[1], Path(sys.argv[2]))
    for line in sys.stdin:
        model.answer(line.rstrip("\n"))
    sys.stdout.write(f"{peak()}\n")
