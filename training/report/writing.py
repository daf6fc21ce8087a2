"""Write the report of a training run to a folder inside the model's folder."""

from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from training.calibrate.predictions import Predictions
from training.report.card import describe_sample, write_card
from training.report.suspects import find_suspects, write_suspects

REPORT_FOLDER = "report"


def write_report(
    out: Path,
    manifest: ModelManifest,
    predictions: Predictions | None,
    held_out: Predictions | None,
    include_texts: bool = True,
) -> int:
    """Write `card.html` and `suspects.jsonl`; return the number of suspects.

    `predictions` are those for the fair sample, and `held_out` those for all held-out examples,
    among which are the suspects. Where there is no fair sample, both are None: the card says so,
    and there are no suspects. Without `include_texts` the card contains no messages;
    `suspects.jsonl` always does.
    """
    folder = out / REPORT_FOLDER
    folder.mkdir(exist_ok=True)
    write_card(
        folder / "card.html",
        manifest,
        predictions,
        evaluated_on=f"{describe_sample(manifest)}, each held out when it was classified",
        include_texts=include_texts,
    )
    suspects = find_suspects(held_out) if held_out else []
    write_suspects(folder / "suspects.jsonl", suspects)
    return len(suspects)
