"""`make bench-model`"""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.data import EXPECTED, Dataset, names_in
from benchmarks.grid import grid
from benchmarks.machine import machine
from benchmarks.models import KINDS
from benchmarks.picture import draw
from benchmarks.results import DatasetResult, Options, Report
from benchmarks.run import run, steps
from benchmarks.settings import SETTINGS
from benchmarks.table import markdown, printed, verdicts
from cli.failures import errors, explained
from cli.progress import columns

QUICK_SIZES = "10,20"
QUICK_ROWS = "microresolve,tfidf,encoder,head"
QUICK_TEXTS = 300
MESSAGES = 1_000
PIPED_WIDTH = 140


def bench(  # noqa: PLR0913, PLR0917 - each is an option of the command
    data_dir: Annotated[
        Path | None, typer.Option(file_okay=False, help="The folder of the data sets.")
    ] = None,
    rows: Annotated[str, typer.Option(help=f"Models: all of {','.join(KINDS)}.")] = "",
    datasets: Annotated[str, typer.Option(help="Data sets by name: all in the folder.")] = "",
    sizes: Annotated[str, typer.Option(help=f"Training data: all of {','.join(SETTINGS)}.")] = "",
    seeds: Annotated[int, typer.Option(min=1, help="How often labels are drawn.")] = 1,
    quick: Annotated[bool, typer.Option(help="Few labels, few texts: about a minute.")] = False,
    out: Annotated[Path, typer.Option(file_okay=False, help="Where results go.")] = Path(
        "build/bench"
    ),
) -> None:
    """Measure the models side by side on public data, in one run.

    Prints one table, and writes it as results.json, table.md and picture.svg. Names are separated
    by commas.
    """
    if data_dir is None:
        errors.print(EXPECTED, highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1)
    options = Options(
        rows=_chosen(rows or (QUICK_ROWS if quick else ""), KINDS, "--rows"),
        sizes=_chosen(sizes or (QUICK_SIZES if quick else ""), SETTINGS, "--sizes"),
        seeds=seeds,
        messages=MESSAGES,
    )
    with explained():
        names = _chosen(datasets, names_in(data_dir), "--datasets")
        data = [Dataset.read(data_dir, name) for name in names]
        if quick:
            data = [dataset.shortened(QUICK_TEXTS) for dataset in data]
        place = machine()
        report = Report(machine=place, options=options, datasets=_run_all(data, options))
    _show(report, out)


def _chosen(wanted: str, known: Iterable[str], option: str) -> tuple[str, ...]:
    """Answer the wanted names in the order of the known ones: all where none is wanted."""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise typer.BadParameter(
            f"there is no {', '.join(unknown)}; there are {', '.join(known)}.", param_hint=option
        )
    return tuple(name for name in known if name in names or not names)


def _run_all(data: Sequence[Dataset], options: Options) -> list[DatasetResult]:
    """Run with a bar of progress; what is made on the way is removed, come what may."""
    total = sum(steps(dataset, options) for dataset in data)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        Progress(*columns(), console=errors, transient=True) as progress,
    ):
        task = progress.add_task("", total=total, completed=-1, visible=errors.is_terminal)

        def tell(what: str) -> None:
            progress.update(task, description=what, advance=1)
            if not errors.is_terminal:
                errors.print(what, highlight=False)

        return [run(dataset, options, Path(folder), tell) for dataset in data]


def _show(report: Report, out: Path) -> None:
    table = grid(report)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    (out / "table.md").write_text(markdown(table), "utf-8")
    draw(report, out / "picture.svg")
    console = Console()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(printed(table))
    for verdict in verdicts(table):
        console.print(verdict, highlight=False)
    console.print(f"Written to {out}: results.json, table.md and picture.svg", highlight=False)


if __name__ == "__main__":
    typer.run(bench)
