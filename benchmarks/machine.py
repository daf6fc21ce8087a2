"""The machine that a benchmark runs on."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from benchmarks.results import MachineInfo

PACKAGES = ("microresolve", "numpy", "onnxruntime", "scikit-learn", "tokenizers")


def describe_machine() -> MachineInfo:
    """Describe this machine and its load."""
    name = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return MachineInfo(
        processor=name[1] if name else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        load_average=round(os.getloadavg()[0], 1),
        python=platform.python_version(),
        packages={package: version(package) for package in PACKAGES},
    )
