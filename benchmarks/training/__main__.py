"""The command behind `make bench NAME=training`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from benchmarks.machine import MachineInfo, describe_machine
from benchmarks.names import select_names
from benchmarks.training.cases import CASES, GIGABYTE, QUICK, Case
from benchmarks.training.measuring import TrainingCost, TrainingFailed, measure_training
from cli.error_handling import error_console
from prompt_capture.domain.models import TrainingMode

COLUMNS = ("rows", "intents", "seconds", "processor seconds", "load", "peak memory, GB", "accuracy")


class TrainingReport(BaseModel):
    """The costs of all cases on one machine."""

    model_config = ConfigDict(frozen=True)

    machine: MachineInfo
    mode: TrainingMode
    costs: tuple[TrainingCost, ...]


def bench(
    cases: Annotated[str, typer.Option(help=f"Rows x intents; default: {', '.join(CASES)}.")] = "",
    mode: Annotated[
        TrainingMode, typer.Option(metavar="MODE", help="As `train` takes it.")
    ] = "head",
    quick: Annotated[bool, typer.Option(help="Train on few rows: less than a minute.")] = False,
    out: Annotated[Path, typer.Option(file_okay=False, help="Output folder.")] = Path(
        "build/bench-training"
    ),
) -> None:
    """Measure what training costs.

    Each case runs `prompt-capture train` on synthetic messages, in a process of
    its own. Prints a table and writes results.json and table.md. Seconds compare
    only on an idle machine, processor seconds nearly everywhere.
    """
    selected = [QUICK] if quick else [CASES[name] for name in select_names(cases, CASES, "--cases")]
    machine = describe_machine()
    costs: list[TrainingCost] = []
    with tempfile.TemporaryDirectory(prefix="bench-training-") as folder:
        for case in selected:
            error_console.print(f"{case.rows:,} rows, {case.intents:,} intents", highlight=False)
            try:
                costs.append(measure_training(case, mode, Path(folder)))
            except TrainingFailed as error:
                error_console.print(f"Error: {error}", highlight=False, markup=False)
                raise typer.Exit(1) from None
            # Minutes of work are not lost if the rest is interrupted.
            _write(TrainingReport(machine=machine, mode=mode, costs=tuple(costs)), out, selected)
    table = Table(*COLUMNS)
    for row in _rows(costs, selected):
        table.add_row(*row)
    Console().print(table)


def _write(report: TrainingReport, out: Path, cases: Sequence[Case]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    lines = [COLUMNS, ["---"] * len(COLUMNS), *_rows(report.costs, cases)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    (out / "table.md").write_text(table, "utf-8")


def _rows(costs: Sequence[TrainingCost], cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """Return the cells of each case, its goals beside what they limit."""
    return [
        (
            f"{cost.rows:,}",
            f"{cost.intents:,}",
            f"{cost.seconds:.0f}" + _goal(case.max_seconds),
            f"{cost.processor_seconds:.0f}",
            f"{cost.load:.1f}",
            f"{cost.peak_memory / GIGABYTE:.2f}"
            + _goal(case.max_memory / GIGABYTE if case.max_memory else None),
            "" if cost.accuracy is None else f"{cost.accuracy:.1%}",
        )
        for cost, case in zip(costs, cases, strict=False)
    ]


def _goal(limit: float | None) -> str:
    return f" (≤ {limit:g})" if limit else ""


if __name__ == "__main__":
    typer.run(bench)
