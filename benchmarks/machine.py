"""Where a run took place."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from benchmarks.results import Machine

PACKAGES = ("microresolve", "numpy", "onnxruntime", "scikit-learn", "tokenizers")


def machine() -> Machine:
    """Describe this machine, and how busy it is."""
    name = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return Machine(
        processor=name[1] if name else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        load=round(os.getloadavg()[0], 1),
        python=platform.python_version(),
        packages={package: version(package) for package in PACKAGES},
    )
