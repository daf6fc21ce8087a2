"""Measure retrainings of several sizes in the limits of the function."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import describe_machine
from benchmarks.retrain.data import write_bucket
from benchmarks.retrain.limits import CORES, MEMORY_MB, Limits, LimitsUnavailable, limited
from infra.packaging.assembly import assemble_layer
from infra.packaging.interpreter import find_lambda_python
from infra.packaging.layers import RETRAIN
from infra.packaging.paths import MODELS, PACKAGES, layer_folder
from infra.packaging.targets import X86_64

WORKER = Path(__file__).with_name("worker.py")
LAYERS = PACKAGES.with_name("bench-retrain")


class Size(NamedTuple):
    """How many texts to learn from, how many of them are new labels, and the seconds allowed."""

    rows: int
    new_labels: int
    seconds: float


SIZES = (Size(10_000, 2_000, 120), Size(100_000, 2_000, 840))


def measure(size: Size, layer: Path, folder: Path, limits: Limits) -> tuple[dict[str, Any], str]:
    """Run one retraining in the group; return what it printed, and an error or ""."""
    write_bucket(folder, MODELS / "assistant", size.rows, size.new_labels)
    command = [
        *(find_lambda_python(), WORKER, folder),
        layer / "model_artifacts" / "assistant",
    ]
    completed = subprocess.run(  # noqa: S603 - this process has one thread
        command,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(layer / "python"), "HOME": str(folder)},
        preexec_fn=limits.join,
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode:
        return {}, completed.stderr.strip().splitlines()[-1:][0] if completed.stderr else "killed"
    printed: dict[str, Any] = json.loads(completed.stdout)
    return printed, ""


def _fewest_seconds(printed: Mapping[str, Any]) -> float:
    """Return the seconds, or the processor seconds where other work on the machine delayed it.

    Work that uses the processor all the time takes no longer than that on one free core.
    """
    return float(min(printed["seconds"], printed["processor_seconds"]))


def main() -> int:
    """Print a line per size; return 1 where one missed its time, and 0 where limits are missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrain", description=__doc__)
    parser.add_argument("--rows", type=int, help="only the size with so many rows")
    chosen = parser.parse_args().rows
    layer = layer_folder(X86_64, LAYERS, RETRAIN.name)
    assemble_layer(RETRAIN, X86_64, layer)
    machine, has_missed = describe_machine(), False
    sys.stdout.write(
        f"{machine.processor}, load {machine.load_average}; {MEMORY_MB:,} MB and {CORES} cores\n"
    )
    for size in SIZES:
        if chosen not in {None, size.rows}:
            continue
        try:
            with tempfile.TemporaryDirectory() as folder, limited() as limits:
                printed, error = measure(size, layer, Path(folder), limits)
                peak = limits.peak_mb
        except LimitsUnavailable as error_of_limits:
            sys.stdout.write(f"Skipped: {error_of_limits}\n")
            return 0
        seconds = printed.get("seconds")
        is_met = bool(printed) and _fewest_seconds(printed) <= size.seconds
        has_missed |= not is_met
        sys.stdout.write(
            f"{size.rows:,} rows, {size.new_labels:,} new labels: "
            f"{error or f'{seconds} s'} (goal: {size.seconds:.0f} s), at most {peak:,.0f} MB "
            f"-> {'met' if is_met else 'NOT MET'}; {printed}\n"
        )
    return int(has_missed)


if __name__ == "__main__":
    sys.exit(main())
