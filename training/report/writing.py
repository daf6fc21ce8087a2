"""What training leaves for people, in a folder of its own beside what is served."""

from pathlib import Path

from training.report.card import write_card
from training.report.suspects import find_suspects, write_suspects
from training.train import Trained

FOLDER = "report"


def write_report(out: Path, trained: Trained, texts: bool = True) -> int:
    """Write `card.html` and `suspects.jsonl`; answer how many rows are probably mislabelled.

    The card holds no messages without `texts`; the rows that a person should look at do. Nothing
    is written where too few examples were held back to judge by.
    """
    predictions = trained.predictions
    if predictions is None:
        return 0
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    write_card(
        folder / "card.html",
        trained.manifest,
        predictions,
        measured_on="training messages, each held back from the model that answered it",
        texts=texts,
    )
    suspects = find_suspects(predictions)
    write_suspects(folder / "suspects.jsonl", suspects)
    return len(suspects)
