"""`prompt-capture evaluate`: how good a model is on data it was not trained on."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.failures import explained
from cli.sources import local_files


def evaluate(
    model: Annotated[Path, typer.Option(help="The model's folder.")],
    data: Annotated[
        list[str],
        typer.Option("--data", help="JSON lines (a path or s3://...) or a folder of <label>.txt."),
    ],
    compare: Annotated[
        Path | None,
        typer.Option(help="The folder of a model to compare with, as the one in service."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write a model card to this HTML file."),
    ] = None,
    texts: Annotated[
        bool, typer.Option(help="Whether the card may hold texts of the data.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Measure accuracy, calibration, out-of-scope detection and latency of a model.

    With --compare, say whether it is better than another, by the messages that one of the two
    alone gets right.

    [bold]Example[/bold]  prompt-capture evaluate --model build/next --compare
    model_artifacts/assistant --data training/data/heldout --card build/next.html
    """
    from cli import measuring

    if card:
        _make_room(card)
    with explained(), local_files(data) as files:
        measured = measuring.measure_models([model, compare] if compare else [model], files)
    if card:
        measuring.write_card_of(card, measured[0], data, texts)
    if as_json:
        typer.echo(json.dumps(measuring.as_json(measured)))
    else:
        measuring.show(Console(), measured)


def _make_room(card: Path) -> None:
    try:
        card.parent.mkdir(parents=True, exist_ok=True)
        card.touch()
    except OSError as error:
        raise typer.BadParameter(
            f"{card} cannot be written: {error.strerror}.", param_hint="--card"
        ) from None
