"""The command behind `make year`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.goals import goal_lines
from benchmarks.loop.service import load_encoder
from benchmarks.machine import describe_machine
from benchmarks.steps import report_steps
from benchmarks.year.assistant import CommandFailed
from benchmarks.year.data import YearData, file_data, own_data
from benchmarks.year.goals import check_year
from benchmarks.year.play import STEPS, play_year
from benchmarks.year.rendering import render_markdown, render_year, write_picture
from benchmarks.year.results import YearReport, YearResult
from benchmarks.year.scenario import YEAR
from cli.error_handling import error_console, exit_on_error
from examples.demo.failures import DemoCheckFailed
from infra.local.paths import MODEL
from infra.local.processes import ServiceFailed
from prompt_capture.client import CaptureError

SEEDS = "0,1,2"
WIDTH_WITHOUT_TERMINAL = 120
RESULTS, TABLE, PICTURE = "results.json", "table.md", "year.svg"


def _parse_seeds(value: str) -> list[int]:
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise typer.BadParameter("must be numbers, separated by commas: 0,1,2") from None


def year(
    data: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            exists=True,
            help='Your labelled messages, one {"text", "label"} object per line. The goals are '
            "those of the project's own data.",
        ),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="The seeds of the years, separated by commas.")
    ] = SEEDS,
    out: Annotated[Path, typer.Option(file_okay=False, help="Output folder.")] = Path("build/year"),
) -> None:
    """Play twelve months of an assistant in minutes, on the local stack.

    Users send messages, reviewers decide some of them, the function retrain
    trains a candidate each month, and the gate decides whether it serves. New
    slang, an unforeseen intent, a shift of intents, a bad batch of labels, a
    worse candidate and a malicious reviewer happen on the way. Prints a table
    of months for each seed and writes results.json, table.md and year.svg. Without
    --data, exits with status 1 where a goal is missed.
    """
    numbers = _parse_seeds(seeds)
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    with _exit_on_year_error():
        plans = [file_data(data, one) for one in numbers] if data else [own_data()] * len(numbers)
        machine, results = describe_machine(), dict[int, YearResult]()
        for result in _play_all(plans, numbers):
            results[result.seed] = result
            years = tuple(results.values())
            report = YearReport(title=plans[0].title, machine=machine, years=years)
            _write(report, out)  # an interrupted run keeps the months that were played
    (out / TABLE).write_text(render_markdown(report), "utf-8")
    write_picture(report, out / PICTURE)
    for result in results.values():
        console.print(render_year(result))
    for line in goal_lines(check_year(report.years)):
        console.print(line, highlight=False, markup=False)
    console.print(f"Results written to {out}: {RESULTS}, {TABLE} and {PICTURE}", highlight=False)
    if data is None and not all(each.is_met for each in check_year(report.years)):
        raise typer.Exit(1)


def _play_all(plans: Sequence[YearData], seeds: Sequence[int]) -> Iterator[YearResult]:
    """Play all years with a progress bar, or a line for each step where there is no terminal."""
    total = (1 + STEPS * YEAR.months) * len(seeds)
    with report_steps(total, completed=-1) as report:
        base = load_encoder(MODEL)
        for data, seed in zip(plans, seeds, strict=True):
            yield from play_year(data, YEAR, seed, base, report)


def _write(report: YearReport, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / RESULTS).write_text(report.model_dump_json(indent=2) + "\n", "utf-8")


@contextmanager
def _exit_on_year_error() -> Iterator[None]:
    """Print a failure of the stack, a request or a command, and exit with status 1."""
    try:
        with exit_on_error():
            yield
    except (CommandFailed, CaptureError, DemoCheckFailed, ServiceFailed) as error:
        error_console.print(f"The year failed. {error}", style="red", markup=False)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(year)
