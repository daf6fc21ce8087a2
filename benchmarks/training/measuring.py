"""Run `prompt-capture train`, and measure its process."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmarks.training.cases import Case
from benchmarks.training.messages import write_messages
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.models import TrainingMode

COMMAND = Path(sys.executable).with_name("prompt-capture")
SECONDS_BETWEEN_READINGS = 0.05


class TrainingFailed(Exception):
    """`prompt-capture train` ended with an error, which it has printed."""


class TrainingCost(BaseModel):
    """What one run of the command costs, start and report included.

    `load` is the mean number of busy or waiting processes of the machine in its last minute,
    `peak_memory` the largest resident set in bytes, and `accuracy` that of the manifest: it shows
    that the messages are neither trivial nor noise.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    intents: int
    seconds: float
    processor_seconds: float
    load: float
    peak_memory: int
    accuracy: float | None


def measure_training(case: Case, mode: TrainingMode, folder: Path) -> TrainingCost:
    """Train a model of synthetic messages in a process of its own. Raise `TrainingFailed`."""
    data, out = folder / f"{case.name}.jsonl", folder / case.name
    write_messages(data, case.rows, case.intents)
    files = ["--data", str(data), "--out", str(out)]
    command = [str(COMMAND), "train", *files, "--mode", mode, "--name", "cost"]
    start = time.perf_counter()
    process = subprocess.Popen(command)  # noqa: S603 - our own command
    peak_memory = 0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        peak_memory = max(peak_memory, _read_peak_memory(process.pid))
        time.sleep(SECONDS_BETWEEN_READINGS)
    seconds = time.perf_counter() - start
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise TrainingFailed(f"prompt-capture train ended with status {process.returncode}.")
    return TrainingCost(
        rows=case.rows,
        intents=case.intents,
        seconds=seconds,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        load=os.getloadavg()[0],
        peak_memory=peak_memory,
        accuracy=ModelArtifact.load(out).manifest.metrics.get("accuracy"),
    )


def _read_peak_memory(process: int) -> int:
    """Return the largest resident set of a process so far, in bytes; 0 once it has ended.

    `ru_maxrss` would be that of this process, where it is larger.
    """
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(match[1]) * 1_024 if match else 0
