"""Rows that are probably mislabelled: for a person to look at, never to be dropped.

Hard rows look wrong too. With a twentieth of the labels of `training/data/train` replaced by the
most plausible other one, as people mistake them, 46% of the rows found were wrong, 90% of the first
fifty, and 70% of the wrong ones were found (HWU64 with 40 rows an intent: 54%, 88%, 65%). None of
cleanlab's other filters found more among as many; for labels replaced at random, ranking by the
label's own probability would (57% and 96% against 49% and 83%).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from cleanlab.filter import find_label_issues
from pydantic import BaseModel, ConfigDict

from training.predictions import Predictions

MANY_ALIKE = 5


class Suspect(BaseModel):
    """A row whose label the model doubts.

    `suggested` is what the model answers instead, `confidence` how sure it is of that. A reviewer
    mends `label` and sets `corrected`: both are what training reads.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    label: str
    suggested: str
    confidence: float
    reason: str
    corrected: bool = False


def find_suspects(predictions: Predictions) -> list[Suspect]:
    """List the rows that are probably mislabelled, the worst first.

    The predictions must be out of fold: each row answered by a model that was not fitted to it. A
    row is found, and ranked, by the margin between its label's probability and the highest other
    (Northcutt et al. 2021, as cleanlab implements it). Rows whose label the model does not know
    cannot be judged.
    """
    (judged,) = np.nonzero(np.isin(predictions.truth, predictions.labels))
    columns = {label: column for column, label in enumerate(predictions.labels)}
    given = np.array([columns[label] for label in predictions.truth[judged].tolist()])
    if len(set(given.tolist())) < 2:
        return []
    ranked = find_label_issues(
        given,
        predictions.probabilities[judged],
        filter_by="low_normalized_margin",
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    return _suspects(predictions, judged[ranked].tolist())


def write_suspects(file: Path, suspects: Iterable[Suspect]) -> None:
    """Write JSON lines that `prompt-capture train --data` reads beside the data they come from."""
    lines = [json.dumps(suspect.model_dump(), ensure_ascii=False) for suspect in suspects]
    # What UTF-8 cannot hold, a lone surrogate, becomes the escape that JSON has for it.
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8", "backslashreplace")


def _suspects(predictions: Predictions, rows: Sequence[int]) -> list[Suspect]:
    predicted, confidences = predictions.predicted, predictions.confidences
    pairs = [(str(predictions.truth[row]), str(predicted[row])) for row in rows]
    alike = Counter(pairs)
    return [
        Suspect(
            text=predictions.texts[row],
            label=label,
            suggested=suggested,
            confidence=round(float(confidences[row]), 4),
            reason=_reason(
                float(predictions.probabilities[row, predictions.labels.index(label)]),
                alike[label, suggested],
            ),
        )
        for row, (label, suggested) in zip(rows, pairs, strict=True)
    ]


def _reason(probability: float, alike: int) -> str:
    reason = f"A model that had not seen it gives its label {probability:.1%}."
    if alike >= MANY_ALIKE:
        reason += f" {alike} rows of that label look like the suggested one: perhaps they overlap."
    return reason
