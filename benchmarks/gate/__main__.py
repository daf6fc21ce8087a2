"""The command behind `make bench NAME=gate`."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import Progress

from benchmarks.gate.goals import check_goals
from benchmarks.gate.population import Population
from benchmarks.gate.predictions import predict_population
from benchmarks.gate.rendering import render_markdown, render_terminal
from benchmarks.gate.trials import GateScenario, ScenarioResult, run_scenario
from benchmarks.goals import goal_lines
from benchmarks.machine import MachineInfo, describe_machine
from cli.error_handling import error_console, exit_on_error
from cli.progress import progress_bars, progress_columns

TRIALS, QUICK_TRIALS = 1_000, 25
DISCORDANCE = 0.08
WIDTH_WITHOUT_TERMINAL = 170

SCENARIOS = tuple(
    GateScenario(evidence=evidence, labels=labels, difference=difference, discordance=DISCORDANCE)
    for evidence, sizes in (("messages", (500, 2_000, 5_000)), ("disagreements", (50, 200, 500)))
    for labels in sizes
    for difference in (0.0, -0.02, 0.02)
)


class GateReport(BaseModel):
    """The results of a run, and the machine that it ran on."""

    machine: MachineInfo
    results: tuple[ScenarioResult, ...]


def bench(
    trials: Annotated[int, typer.Option(min=1, help="Trials of each candidate.")] = TRIALS,
    quick: Annotated[bool, typer.Option(help="Run few trials: about a minute.")] = False,
    out: Annotated[Path, typer.Option(file_okay=False, help="Output folder.")] = Path(
        "build/bench-gate"
    ),
) -> None:
    """Show how often the gate promotes candidates that are equal, worse or better.

    Retrains the shipped model on few utterances, predicts the held-out ones with
    both, and draws evidence from these predictions: messages, or disagreements
    alone. Prints a table and writes results.json and table.md.
    """
    with exit_on_error(), progress_bars(error_console) as progress:
        population = predict_population(progress)
    report = GateReport(
        machine=describe_machine(), results=run_all(population, QUICK_TRIALS if quick else trials)
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    (out / "table.md").write_text(render_markdown(report.results), "utf-8")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    console.print(render_terminal(report.results))
    for line in goal_lines(check_goals(report.results)):
        console.print(line, highlight=False, markup=False)
    console.print(f"Results written to {out}: results.json and table.md", highlight=False)


def run_all(population: Population, trials: int) -> tuple[ScenarioResult, ...]:
    """Run all scenarios with a progress bar."""
    results = []
    with Progress(*progress_columns(), console=error_console, transient=True) as progress:
        task = progress.add_task(
            "", total=trials * len(SCENARIOS), visible=error_console.is_terminal
        )
        for scenario in SCENARIOS:
            name = (
                f"{scenario.labels:,} {scenario.evidence}, {100 * scenario.difference:+.0f} points"
            )
            progress.update(task, description=name)
            if not error_console.is_terminal:
                error_console.print(name, highlight=False)
            results.append(
                run_scenario(population, scenario, trials, lambda: progress.advance(task))
            )
    return tuple(results)


if __name__ == "__main__":
    typer.run(bench)
