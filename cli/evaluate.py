"""`prompt-capture evaluate`: measure a model on data that it was not trained on."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.error_handling import exit_on_error
from cli.sources import local_files


def evaluate(
    model: Annotated[Path, typer.Option(help="The folder of the model.")],
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            metavar="DATA",
            help="JSON lines (a path or s3://bucket/key), or a folder of LABEL.txt files.\n\n"
            "Repeatable.",
        ),
    ],
    compare: Annotated[
        Path | None,
        typer.Option(help="The folder of a model to compare with, for example the served one."),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write a model card to this HTML file."),
    ] = None,
    texts: Annotated[
        bool, typer.Option(help="Whether the model card shows texts of the data.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Measure a model, or compare it with another one.

    Measures accuracy, calibration, out-of-scope detection and latency.
    With --compare, tests whether the difference is significant (McNemar's test).

    [bold]Examples[/bold]
      prompt-capture evaluate --model build/next --data training/data/heldout
      prompt-capture evaluate --model build/next --data heldout.jsonl \\
        --compare model_artifacts/assistant --card build/next.html
    """
    from cli import evaluation

    if card:
        _create(card)
    with exit_on_error(), local_files(data) as files:
        evaluated = evaluation.evaluate_folders([model, compare] if compare else [model], files)
    if card:
        evaluation.write_model_card(card, evaluated[0], data, texts)
    if as_json:
        typer.echo(json.dumps(evaluation.to_json(evaluated)))
    else:
        evaluation.print_evaluation(Console(), evaluated)


def _create(card: Path) -> None:
    """Create the file before the evaluation, which takes long, so that it fails early."""
    try:
        card.parent.mkdir(parents=True, exist_ok=True)
        card.touch()
    except OSError as error:
        raise typer.BadParameter(
            f"Cannot write {card}: {error.strerror}.", param_hint="--card"
        ) from None
