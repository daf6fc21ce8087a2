"""The machine that a benchmark runs on."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

PACKAGES = ("microresolve", "numpy", "onnxruntime", "scikit-learn", "tokenizers")


class MachineInfo(BaseModel):
    """The machine of a run; `load_average` is its one-minute load average at the start."""

    model_config = ConfigDict(frozen=True)

    processor: str
    cores: int
    load_average: float
    python: str
    packages: dict[str, str]


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
