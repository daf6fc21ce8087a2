"""A table of predictions, printed while they are made, for terminals of 80 columns."""

from collections.abc import Iterable, Sequence
from itertools import islice

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.prediction import PredictedMessage
from cli.printable import printable

BATCH_SIZE = 50
"""Rows that are laid out at once: a batch is all that the table holds in memory."""

_GAP = 2
_MIN_TEXT_WIDTH = 20
_HEADINGS = ("Message", "Intent", "Confidence", "Scope", "Review", "Stage")
_NUMBER_WIDTHS = (10, 5, 6)
"""The widths of the confidence, the scope, and whether the message needs a review."""

_MAX_INTENT_WIDTH = 24


def print_predictions(
    console: Console,
    predicted: Iterable[PredictedMessage],
    labels: Sequence[str],
    stages: Sequence[str],
    batch_size: int = BATCH_SIZE,
) -> None:
    """Print predictions of a model with some labels and stages, all columns aligned.

    The examples that explain predictions follow the batch, so that it must have one prediction.
    """
    intent_width = min(_MAX_INTENT_WIDTH, max(map(len, labels)))
    fixed = (intent_width, *_NUMBER_WIDTHS, max(map(len, [*stages, _HEADINGS[-1]])))
    text_width = max(_MIN_TEXT_WIDTH, console.width - sum(fixed) - _GAP * len(fixed))
    remaining, has_header = iter(predicted), True
    while batch := list(islice(remaining, batch_size)):
        table = Table(box=None, show_header=has_header, pad_edge=False, padding=(0, _GAP, 0, 0))
        has_header = False
        for heading, width in zip(_HEADINGS, (text_width, *fixed), strict=True):
            table.add_column(heading, width=width, no_wrap=True, overflow="ellipsis")
        for each in batch:
            table.add_row(*_cells(each))
        console.print(table)
        for neighbour in (neighbour for each in batch for neighbour in each.nearest or ()):
            line = f"  {neighbour.similarity:.2f} {neighbour.label}: {printable(neighbour.text)}"
            console.print(Text(line, style="dim"), no_wrap=True, overflow="ellipsis")


def _cells(one: PredictedMessage) -> list[Text]:
    prediction = one.prediction
    intent, confidence = Text(prediction.intent), Text(f"{prediction.confidence:.3f}")
    for other in prediction.secondary_intents:
        intent.append(f"\n+ {other.intent}", style="dim")
        confidence.append(f"\n{other.confidence:.3f}", style="dim")
    return [
        Text(printable(one.text)),
        intent,
        confidence,
        Text("" if prediction.scope is None else f"{prediction.scope:.3f}"),
        Text("yes" if one.needs_review else "no", style="yellow" if one.needs_review else ""),
        Text(one.stage),
    ]
