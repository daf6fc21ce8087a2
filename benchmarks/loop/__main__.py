"""The command behind `make bench NAME=loop`."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.goals import goal_lines
from benchmarks.loop.goals import check_goals
from benchmarks.loop.orders import ORDERS, RECOMMENDED_AUDITS
from benchmarks.loop.policies import POLICIES
from benchmarks.loop.rendering import render_markdown, render_terminal, write_plot
from benchmarks.loop.results import LoopOptions, LoopReport, StreamResult
from benchmarks.loop.run import RunPlan, run_plan
from benchmarks.loop.streams import DEFAULT_SCENARIO, SCENARIOS
from benchmarks.machine import describe_machine
from benchmarks.model.data import Dataset, list_datasets
from benchmarks.names import select_names
from benchmarks.steps import report_steps
from cli.error_handling import error_console, exit_on_error

USAGE = """\
Usage: make bench NAME=loop DATA_DIR=folder

The folder holds files as `make bench NAME=model` describes them. The examples in NAME_train.jsonl
arrive as messages, and a fifth of them is held out to measure on. FINAL=1 measures on
NAME_test.jsonl instead: choose without it, then run it once.

sofmattress (github.com/hellohaptik/HINT3, version 2, ODbL 1.0) differs: NAME_train.jsonl has the
examples that the assistant's makers wrote, and NAME_test.jsonl the messages of its users, some of
which each run holds out.

Start with QUICK=1, which takes about a minute."""

BASE_MODEL = Path("model_artifacts/assistant")
QUICK_ORDERS, QUICK_POLICIES = "queue", "people,renewed"
WIDTH_WITHOUT_TERMINAL = 170


def bench(  # noqa: PLR0913, PLR0917 - each is an option of the command
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder with the datasets.")
    ] = None,
    datasets: Annotated[
        str, typer.Option(help="Datasets to run by name; default: all in the folder.")
    ] = "",
    orders: Annotated[
        str, typer.Option(help=f"Orders of review; default: {', '.join(ORDERS)}.")
    ] = "",
    policies: Annotated[
        str, typer.Option(help=f"What training receives; default: {', '.join(POLICIES)}.")
    ] = "",
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Runs per dataset; default: 3, for sofmattress 20.")
    ] = None,
    reviews: Annotated[
        int | None,
        typer.Option(min=1, help="Texts to review; default: 1,000, for sofmattress 100."),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Weeks, each of which ends with a new model.")
    ] = None,
    audits: Annotated[
        int,
        typer.Option(
            min=0, help="Audits a week in the product's queue, as `audit_rate` sets them."
        ),
    ] = RECOMMENDED_AUDITS,
    quick: Annotated[
        bool, typer.Option(help="Run with few messages and few reviews: about a minute.")
    ] = False,
    final: Annotated[bool, typer.Option(help="Measure on the test files.")] = False,
    out: Annotated[Path, typer.Option(file_okay=False, help="Output folder.")] = Path(
        "build/bench-loop"
    ),
) -> None:
    """Show what reviews add to a model.

    Messages of public datasets are answered by the model of the moment and
    captured in the product's own database. Reviewers decide some of them, and
    each week a new model learns from an export. Prints a table for each dataset
    and writes results.json, table.md and plot.svg. Separate several names with
    commas.
    """
    if data_dir is None:
        error_console.print(USAGE, highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1)
    options = LoopOptions(
        orders=select_names(orders or (QUICK_ORDERS if quick else ""), ORDERS, "--orders"),
        policies=select_names(
            policies or (QUICK_POLICIES if quick else ""), POLICIES, "--policies"
        ),
        is_final=final,
    )
    changes = {"runs": seeds, "reviews": reviews, "rounds": rounds, "audits": audits}
    given = {name: value for name, value in changes.items() if value is not None}
    with exit_on_error(), _without_warnings():
        names = select_names(datasets, list_datasets(data_dir), "--datasets")
        plans = []
        for name in names:
            data = Dataset.read(data_dir, name)
            scenario = SCENARIOS.get(name, DEFAULT_SCENARIO)
            if quick:
                scenario = scenario.shortened()
            plans.append(RunPlan.make(data, replace(scenario, **given), options))
        report = LoopReport(machine=describe_machine(), options=options, streams=())
        done: dict[str, StreamResult] = {}
        for result in _run_all(plans):
            # Hours of work are not lost if the rest is interrupted.
            done[result.name] = result
            report = report.model_copy(update={"streams": tuple(done.values())})
            _write_results(report, out)
    _write_and_print(report, out)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Leave out that no audit has measured the precision of labels: here it is known."""
    logger = logging.getLogger("prompt_capture")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _run_all(plans: Sequence[RunPlan]) -> Iterator[StreamResult]:
    """Run all plans with a progress bar, or a line for each training where there is no terminal."""
    total = sum(plan.trainings for plan in plans)
    with report_steps(total) as report:
        for plan in plans:
            yield from run_plan(plan, BASE_MODEL, report)


def _write_results(report: LoopReport, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(report.model_dump_json(indent=2) + "\n", "utf-8")


def _write_and_print(report: LoopReport, out: Path) -> None:
    (out / "table.md").write_text(render_markdown(report), "utf-8")
    write_plot(report, out / "plot.svg")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    for result in report.streams:
        console.print(render_terminal(result))
        for line in goal_lines(check_goals(result)):
            console.print(line, highlight=False, markup=False)
    console.print(f"Results written to {out}: results.json, table.md and plot.svg", highlight=False)


if __name__ == "__main__":
    typer.run(bench)
