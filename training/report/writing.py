"""Write the report of a training run to a folder inside the model's folder."""

from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from training.calibrate.predictions import Predictions
from training.report.card import write_card
from training.report.suspects import find_suspects, write_suspects

REPORT_FOLDER = "report"


def write_report(
    out: Path,
    manifest: ModelManifest,
    predictions: Predictions | None,
    include_texts: bool = True,
) -> int:
    """Write `card.html` and `suspects.jsonl`; return the number of suspects.

    `predictions` are out-of-fold; None, where there were too few examples to hold any out, writes
    nothing. Without `include_texts` the card contains no messages; `suspects.jsonl` always does.
    """
    if predictions is None:
        return 0
    folder = out / REPORT_FOLDER
    folder.mkdir(exist_ok=True)
    write_card(
        folder / "card.html",
        manifest,
        predictions,
        evaluated_on="training messages, each held out from the model that classified it",
        include_texts=include_texts,
    )
    suspects = find_suspects(predictions)
    write_suspects(folder / "suspects.jsonl", suspects)
    return len(suspects)
