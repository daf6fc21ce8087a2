"""The command behind `make demo`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from examples.demo.console import DemoConsole
from examples.demo.failures import exit_on_demo_error
from examples.demo.runner import run_demo
from examples.demo.scenario import college_scenario, file_scenario

DEFAULT_LIMIT = 3_000


def _require_empty(folder: Path | None) -> Path | None:
    if folder and folder.is_dir() and any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} is not empty; choose a new or an empty folder.")
    return folder


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help='Your labelled messages, one {"text", "label"} object per line; '
            "at least 100 different texts and two labels.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Maximum number of messages to send (default with --data: {DEFAULT_LIMIT:,}).",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the random split of the --data file.")
    ] = 0,
    keep: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            callback=_require_empty,
            help="Folder in which to keep the new model and the datasets.",
        ),
    ] = None,
) -> None:
    """Run the whole loop, from the first message to a better model.

    Starts the local stack, sends messages through the functions, records
    outcomes, checks row-level security, reviews, exports and retrains. The
    gate compares both models; the better one is promoted and rolled back.
    Takes two minutes and removes everything it creates, except the files in
    --keep.

    Without --data, the demo sends two weeks of messages from an engineering
    college. With --data, a tenth of the file trains a first model, a fifth
    is the second week, and the rest the first one.
    """
    with exit_on_demo_error():
        scenario = (
            file_scenario(data, limit or DEFAULT_LIMIT, seed) if data else college_scenario(limit)
        )
        run_demo(DemoConsole(Console()), scenario, keep)


if __name__ == "__main__":
    typer.run(demo)
