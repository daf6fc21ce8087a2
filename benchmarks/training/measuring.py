"""Run `prompt-capture train`, and measure its process."""

import os
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
KILOBYTE = 1_024


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
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise TrainingFailed(f"prompt-capture train ended with status {process.returncode}.")
    return TrainingCost(
        rows=case.rows,
        intents=case.intents,
        seconds=seconds,
        processor_seconds=usage.ru_utime + usage.ru_stime,
        load=os.getloadavg()[0],
        peak_memory=usage.ru_maxrss * KILOBYTE,
        accuracy=ModelArtifact.load(out).manifest.metrics.get("accuracy"),
    )
