"""Write the report of a training run to a folder inside the model's folder."""

from pathlib import Path

from training.report.card import write_card
from training.report.suspects import find_suspects, write_suspects
from training.train import TrainingResult

REPORT_FOLDER = "report"


def write_report(out: Path, result: TrainingResult, include_texts: bool = True) -> int:
    """Write `card.html` and `suspects.jsonl`; return the number of suspects.

    Without `include_texts` the card contains no messages; `suspects.jsonl` always does. Nothing is
    written where there were too few examples to hold any out.
    """
    predictions = result.predictions
    if predictions is None:
        return 0
    folder = out / REPORT_FOLDER
    folder.mkdir(exist_ok=True)
    write_card(
        folder / "card.html",
        result.manifest,
        predictions,
        evaluated_on="training messages, each held out from the model that classified it",
        include_texts=include_texts,
    )
    suspects = find_suspects(predictions)
    write_suspects(folder / "suspects.jsonl", suspects)
    return len(suspects)
