"""`make demo`"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.failures import explained
from examples.demo.play import play
from examples.demo.scenario import college, labelled_file
from examples.demo.stage import Stage

DEFAULT_LIMIT = 3_000


def demo(
    data: Annotated[
        Path | None,
        typer.Option(help='Labelled messages to play with, one {"text", "label"} a line.'),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Send at most so many messages ({DEFAULT_LIMIT:,} of a file)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides how a file is divided.")] = 0,
) -> None:
    """Show the whole loop, from the first message to the better model.

    Starts the local stack, sends messages through the functions, records outcomes, shows what
    users can and cannot see, reviews, exports, retrains and compares. Takes a minute or two, and
    leaves nothing behind.

    Without --data it plays a week of messages from an engineering college. With it, a first model
    is trained on a tenth of the file, a fifth is kept for the test, and the rest is replayed.
    """
    with explained():
        scenario = labelled_file(data, limit or DEFAULT_LIMIT, seed) if data else college(limit)
        play(Stage(Console()), scenario)


if __name__ == "__main__":
    typer.run(demo)
