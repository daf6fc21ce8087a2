"""The command behind `make bench NAME=capture`; ROUNDS sets the number of rounds."""

import os
import sys
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track

from benchmarks.capture.rounds import Samples, run_rounds
from benchmarks.capture.worker import BATCH_SIZE
from benchmarks.machine import describe_machine
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from infra.packaging.build import build

ANSWER_FIRST = {"CAPTURE_MODE": "answer-first"}
LONG_TIMEOUT = {"CAPTURE_TIMEOUT_SECONDS": "5"}

ResultRow = tuple[str, str, str]
"""A metric, its result, and its goal or an empty string."""


def compute_results(samples: Samples) -> list[ResultRow]:
    """Return the median milliseconds or the ratio of medians for each metric.

    The first tenth of the samples is warm-up and does not count.
    """
    ms = {name: median(each[len(each) // 10 :]) * 1000 for name, each in samples.items()}
    write_first = ms["write-first"] - ms["no capture"]
    write_first_cpu = ms["write-first, CPU"] - ms["no capture, CPU"]
    answer_first = ms["stack, answer-first"] - ms["stack, no capture"]
    single, batched = ms["drain single"], ms["drain batch"] / BATCH_SIZE
    packaged = ms["packaged, write-first"]
    return [
        ("classify, no capture", f"{ms['no capture']:.2f} ms", ""),
        ("classify, write-first capture", f"{ms['write-first']:.2f} ms", ""),
        ("bare insert, psycopg", f"{ms['psycopg']:.2f} ms", ""),
        ("bare insert, postgrest", f"{ms['postgrest']:.2f} ms", ""),
        (
            "capture overhead / bare insert, postgrest",
            f"{write_first / ms['postgrest']:.2f}",
            "≤ 1.3",
        ),
        (
            "capture overhead / bare insert, postgrest, CPU time",
            f"{write_first_cpu / ms['postgrest, CPU']:.2f}",
            "",
        ),
        ("capture overhead / bare insert, psycopg", f"{write_first / ms['psycopg']:.2f}", ""),
        ("FastAPI and Mangum, CPU time", f"{ms['framework, CPU']:.2f} ms", "≤ 0.2 ms"),
        ("whole function, no capture, CPU time", f"{ms['handler, CPU']:.2f} ms", ""),
        ("packaged function, no capture", f"{ms['packaged, no capture']:.2f} ms", ""),
        ("packaged function, write-first capture", f"{packaged:.2f} ms", ""),
        ("answer-first capture overhead", f"{answer_first:.2f} ms", "≤ 0.3 ms"),
        ("drain time per row, single / batch", f"{single / batched:.1f}", ""),
        (
            "throughput of one warm instance, write-first capture",
            f"{1000 / packaged:.0f} requests/s",
            "",
        ),
    ]


def render_markdown(results: list[ResultRow]) -> str:
    """Return the table of `docs/reference/benchmarks.md`."""
    lines = ["| metric | median | goal |", "|---|---|---|"]
    return "\n".join(
        lines + [f"| {metric} | {value} | {goal} |" for metric, value, goal in results]
    )


def main() -> int:
    """Measure and print the results; also write the table to build/bench-capture.md."""
    rounds = int(os.environ.get("ROUNDS", "500"))
    console = Console()
    write_first = {CLASSIFY: LONG_TIMEOUT}
    answer_first = {CLASSIFY: LONG_TIMEOUT | ANSWER_FIRST}
    build()
    with (
        Stack("bench-capture", write_first) as stack,
        Stack("bench-capture-first", answer_first) as answer_first_stack,
    ):
        stack.warm()
        answer_first_stack.warm()
        samples: Samples = {}
        measurements = run_rounds(rounds, stack, answer_first_stack)
        for samples in track(measurements, "Interleaved rounds", rounds):  # noqa: B007
            pass
    table = render_markdown(compute_results(samples))
    machine = describe_machine()
    description = f"{machine.processor}, {machine.cores} cores, load average {machine.load_average}"
    console.print(
        f"Medians of {rounds:,} interleaved rounds on {description}:\n\n{table}", markup=False
    )
    Path("build").mkdir(exist_ok=True)
    Path("build/bench-capture.md").write_text(table + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
