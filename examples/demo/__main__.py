"""`make demo`"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from examples.demo.failures import told
from examples.demo.play import play
from examples.demo.scenario import college, labelled_file
from examples.demo.stage import Stage

DEFAULT_LIMIT = 3_000


def _empty(folder: Path | None) -> Path | None:
    if folder and folder.is_dir() and any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} holds files already; name a new or an empty folder.")
    return folder


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help='Labelled messages to play with, one {"text", "label"} a line; '
            "at least 100 different texts and two labels.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Send at most so many messages ({DEFAULT_LIMIT:,} of a file)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides how a file is divided.")] = 0,
    keep: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, callback=_empty, help="Keep the new model and the datasets here."
        ),
    ] = None,
) -> None:
    """Show the whole loop, from the first message to the better model.

    Starts the local stack, sends messages through the functions, records
    outcomes, shows what users can and cannot see, reviews, exports, retrains
    and compares. Takes a minute or two, and leaves nothing behind, but for
    what --keep asks for.

    Without --data it plays a week of messages from an engineering college.
    With it, a first model is trained on a tenth of the file, a fifth is kept
    for the test, and the rest is replayed.
    """
    with told():
        scenario = labelled_file(data, limit or DEFAULT_LIMIT, seed) if data else college(limit)
        play(Stage(Console()), scenario, keep)


if __name__ == "__main__":
    typer.run(demo)
