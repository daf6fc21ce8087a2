"""The command behind `make bench NAME=model`."""

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import describe_machine
from benchmarks.model.data import TRAINING_SIZES, USAGE, Dataset, list_datasets
from benchmarks.model.models import MODELS, share_embeddings
from benchmarks.model.rendering import render_markdown, render_terminal, summarise_goals, write_plot
from benchmarks.model.result_table import build_table
from benchmarks.model.results import BenchmarkOptions, BenchmarkReport, DatasetResult
from benchmarks.model.run import count_steps, run_benchmark
from benchmarks.names import select_names
from cli.error_handling import error_console, exit_on_error
from cli.progress import progress_columns

QUICK_SIZES = "10,20"
QUICK_MODELS = "microresolve,tfidf,encoder,head"
QUICK_TEST_TEXTS = 300
TIMED_MESSAGES = 1_000
WIDTH_WITHOUT_TERMINAL = 140


def bench(  # noqa: PLR0913, PLR0917 - each is an option of the command
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder with the datasets.")
    ] = None,
    models: Annotated[str, typer.Option(help=f"Models to run; default: {', '.join(MODELS)}.")] = "",
    datasets: Annotated[
        str, typer.Option(help="Datasets to run by name; default: all in the folder.")
    ] = "",
    sizes: Annotated[
        str,
        typer.Option(
            help="Training sizes, in labels per intent (10, 20), labels in total (2000) or all "
            "(full), with out-of-scope examples (full+oos), or 20 per intent with a quarter of the "
            f"intents out of scope (near); default: {', '.join(TRAINING_SIZES)}."
        ),
    ] = "",
    seeds: Annotated[
        int, typer.Option(min=1, help="Fits per training size, each to another sample.")
    ] = 1,
    share: Annotated[
        bool,
        typer.Option(
            "--share-embeddings",
            help="Embed each text once for all fits, which takes half of the time. Their own "
            "times are then unknown.",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option(help="Run with few labels and few texts: about a minute.")
    ] = False,
    out: Annotated[Path, typer.Option(file_okay=False, help="Output folder.")] = Path(
        "build/bench"
    ),
) -> None:
    """Compare intent models on public datasets, in one run.

    Prints a table and writes results.json, table.md and plot.svg. Separate
    several names with commas.
    """
    if data_dir is None:
        error_console.print(USAGE, highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1)
    options = BenchmarkOptions(
        models=select_names(models or (QUICK_MODELS if quick else ""), MODELS, "--models"),
        sizes=select_names(sizes or (QUICK_SIZES if quick else ""), TRAINING_SIZES, "--sizes"),
        seeds=seeds,
        messages=TIMED_MESSAGES,
        shares_embeddings=share,
    )
    with exit_on_error():
        names = select_names(datasets, list_datasets(data_dir), "--datasets")
        data = [Dataset.read(data_dir, name) for name in names]
        if quick:
            data = [dataset.with_test_limit(QUICK_TEST_TEXTS) for dataset in data]
        machine = describe_machine()
        results = _run_all(data, options)
        report = BenchmarkReport(machine=machine, options=options, datasets=results)
    _write_and_print(report, out)


def _run_all(data: Sequence[Dataset], options: BenchmarkOptions) -> list[DatasetResult]:
    """Run all datasets with a progress bar; intermediate files are always removed."""
    total = sum(count_steps(dataset, options) for dataset in data)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        share_embeddings() if options.shares_embeddings else nullcontext(),
        Progress(*progress_columns(), console=error_console, transient=True) as progress,
    ):
        task = progress.add_task("", total=total, completed=-1, visible=error_console.is_terminal)

        def report_progress(description: str) -> None:
            progress.update(task, description=description, advance=1)
            if not error_console.is_terminal:
                error_console.print(description, highlight=False)

        return [run_benchmark(dataset, options, Path(folder), report_progress) for dataset in data]


def _write_and_print(report: BenchmarkReport, out: Path) -> None:
    table = build_table(report)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    (out / "table.md").write_text(render_markdown(table), "utf-8")
    write_plot(report, out / "plot.svg")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_WITHOUT_TERMINAL
    console.print(render_terminal(table))
    for sentence in summarise_goals(table):
        console.print(sentence, highlight=False)
    console.print(f"Results written to {out}: results.json, table.md and plot.svg", highlight=False)


if __name__ == "__main__":
    typer.run(bench)
