"""Suspects: rows that are probably mislabelled, for a reviewer to check.

Training never drops them, since hard rows with a right label look suspect too.

The method was measured on `training/data/train` with 5% of the labels replaced by the most
plausible other label, as a human would confuse them. The precision was 46%, that of the first fifty
suspects 90%, and the recall 70% (on HWU64 with 40 rows per intent: 54%, 88% and 65%). No other
filter of cleanlab found more among as many suspects. For labels replaced at random, ranking by the
probability of the given label is better (precision 57% and 96%, against 49% and 83%).
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from prompt_capture.domain.text_files import escape_separators
from training.calibrate.predictions import Predictions

MIN_OVERLAP_ROWS = 5
"""The number of suspects with the same two labels that suggests that the labels overlap."""


class Suspect(BaseModel):
    """A row that is probably mislabelled.

    `suggested` is the predicted label and `confidence` its probability. A reviewer corrects `label`
    and sets `corrected`; training reads both.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    label: str
    suggested: str
    confidence: float
    reason: str
    corrected: bool = False


def find_suspects(predictions: Predictions) -> list[Suspect]:
    """Return the rows that are probably mislabelled, the most suspect first.

    The predictions must be out-of-fold: each row is predicted by a model that was not fitted to it.
    Rows are selected and ranked by the margin between the probability of the given label and the
    highest other one (Northcutt et al. 2021, as implemented in cleanlab). Rows with a label that
    the model does not know are skipped.
    """
    # Training, which needs the memory, has ended by now.
    from cleanlab.filter import find_label_issues  # noqa: PLC0415

    (known,) = np.nonzero(np.isin(predictions.truth, predictions.labels))
    columns = {label: column for column, label in enumerate(predictions.labels)}
    given = np.array([columns[label] for label in predictions.truth[known].tolist()])
    if len(set(given.tolist())) < 2:
        return []
    ranked = find_label_issues(
        given,
        predictions.probabilities[known],
        filter_by="low_normalized_margin",
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    return _make_suspects(predictions, known[ranked].tolist())


def write_suspects(file: Path, suspects: Iterable[Suspect]) -> None:
    """Write JSON lines that `prompt-capture train --data` reads together with the original data."""
    lines = [
        escape_separators(json.dumps(suspect.model_dump(), ensure_ascii=False))
        for suspect in suspects
    ]
    # UTF-8 cannot encode a lone surrogate: it becomes a JSON escape.
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8", "backslashreplace")


def _make_suspects(predictions: Predictions, rows: Sequence[int]) -> list[Suspect]:
    predicted, confidences = predictions.predicted, predictions.confidences
    pairs = [(str(predictions.truth[row]), str(predicted[row])) for row in rows]
    counts = Counter(pairs)
    return [
        Suspect(
            text=predictions.texts[row],
            label=label,
            suggested=suggested,
            confidence=round(float(confidences[row]), 4),
            reason=_explain(
                float(predictions.probabilities[row, predictions.labels.index(label)]),
                counts[label, suggested],
            ),
        )
        for row, (label, suggested) in zip(rows, pairs, strict=True)
    ]


def _explain(probability: float, same_pair: int) -> str:
    reason = (
        f"A model that was not trained on this row gives its label a probability of "
        f"{probability:.1%}."
    )
    if same_pair >= MIN_OVERLAP_ROWS:
        reason += (
            f" {same_pair} rows with this label are predicted as the suggested label: the two "
            "labels may overlap."
        )
    return reason
