"""`make bench-capture`: what capture costs, as ratios of one run. ROUNDS says how many."""

import os
import sys
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track

from benchmarks.capture.rounds import Seconds, measured
from benchmarks.capture.worker import BATCH
from benchmarks.machine import machine
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from infra.packaging.build import build

ANSWER_FIRST = {"CAPTURE_MODE": "answer-first"}
PATIENT = {"CAPTURE_TIMEOUT_SECONDS": "5"}
Row = tuple[str, str, str]


def rows(seconds: Seconds) -> list[Row]:
    """Tell each figure, as median milliseconds or a ratio of medians, beside its aim."""
    ms = {name: median(each[len(each) // 10 :]) * 1000 for name, each in seconds.items()}
    written = ms["write-first"] - ms["without"]
    worked = ms["write-first, processor"] - ms["without, processor"]
    first = ms["stack, answer-first"] - ms["stack, without"]
    one_by_one, batched = ms["drain-1"], ms["drain-batch"] / BATCH
    framework = f"{ms['framework, processor']:.2f} ms"
    whole = f"{ms['whole, processor']:.2f} ms"
    packaged = ms["packaged, write-first"]
    return [
        ("classify without capture", f"{ms['without']:.2f} ms", ""),
        ("classify, captured before the answer", f"{ms['write-first']:.2f} ms", ""),
        ("bare insert, psycopg", f"{ms['psycopg']:.2f} ms", ""),
        ("bare insert, postgrest", f"{ms['postgrest']:.2f} ms", ""),
        ("capture / bare insert, postgrest", f"{written / ms['postgrest']:.2f}", "at most 1.3"),
        ("the same, processor time", f"{worked / ms['postgrest, processor']:.2f}", ""),
        ("capture / bare insert, psycopg", f"{written / ms['psycopg']:.2f}", ""),
        ("FastAPI and Mangum, processor time", framework, "at most 0.2 ms"),
        ("the whole function without capture, processor time", whole, ""),
        ("packaged, runtime client, without", f"{ms['packaged, without']:.2f} ms", ""),
        ("packaged, runtime client, write-first", f"{packaged:.2f} ms", ""),
        ("answer-first, on top of no capture", f"{first:.2f} ms", "at most 0.3 ms"),
        ("drained alone / in a batch, a row", f"{one_by_one / batched:.1f}", ""),
        ("one warm instance, write-first", f"{1000 / packaged:.0f} a second", ""),
    ]


def markdown(told: list[Row]) -> str:
    """Write the README's table."""
    lines = ["| what | measured | aim |", "|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {figure} | {aim} |" for what, figure, aim in told])


def main() -> int:
    """Measure and print; the table also goes to build/bench-capture.md."""
    rounds = int(os.environ.get("ROUNDS", "500"))
    console = Console()
    patient = {CLASSIFY: PATIENT}
    first = {CLASSIFY: PATIENT | ANSWER_FIRST}
    build()
    with Stack("bench-capture", patient) as stack, Stack("bench-capture-first", first) as other:
        stack.warm()
        other.warm()
        seconds: Seconds = {}
        for seconds in track(measured(rounds, stack, other), "by turns", rounds):  # noqa: B007
            pass
    table = markdown(rows(seconds))
    here = machine()
    where = f"{here.processor}, {here.cores} cores, load {here.load}"
    console.print(f"{rounds:,} rounds on {where}, medians:\n\n{table}", markup=False)
    Path("build").mkdir(exist_ok=True)
    Path("build/bench-capture.md").write_text(table + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
