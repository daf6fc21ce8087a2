"""`prompt-capture evaluate`: measure a model on data that it was not trained on."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.arguments import check_writable
from cli.error_handling import exit_on_error


def evaluate(
    model: Annotated[Path, typer.Option(help="The folder of the model.")],
    data: Annotated[
        list[str],
        typer.Option(
            "--data",
            metavar="DATA",
            help="Labelled texts, as for train.\n\nRepeatable.",
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
    Leaves out texts of the split train.
    With --compare, tests whether the accuracies differ (McNemar's mid-p test).
    Names each measure in which the model is shown to be worse: a veto.
    Measures are accuracy, the recall of each intent, out-of-scope messages and
    calibration.
    States the smallest difference that the data can show.

    [bold]Examples[/bold]
      prompt-capture evaluate --model build/next --data training/data/heldout
      prompt-capture evaluate --model build/next --data heldout.jsonl \\
        --compare model_artifacts/assistant --card build/next.html
    """
    from cli import evaluation

    with exit_on_error():
        if card:
            check_writable(card, "--card")
        evaluated = evaluation.evaluate_folders([model, compare] if compare else [model], data)
        if card:
            evaluation.write_model_card(card, evaluated[0], data, texts)
    if as_json:
        typer.echo(json.dumps(evaluation.to_json(evaluated)))
    else:
        evaluation.print_evaluation(Console(), evaluated)
