"""Turn the rows of a text into candidate lines, or into the reason why there is none."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.datasets.splits import Split, split_of
from prompt_capture.domain.datasets.tiers import TIERS, Tier, tier_of


class CandidateLine(NamedTuple):
    """A line that may become part of a dataset, with the rows and senders that it represents."""

    id: str
    text: str
    label: str
    confidence: float | None
    corrected: bool
    tier: Tier | None
    split: Split
    model_version: str
    times_sent: int
    row_ids: tuple[str, ...]
    senders: tuple[str, ...] = ()


def reviewed_intent(rows: Sequence[ExportRow]) -> str | None:
    """Return the reviewers' intent of a text. A correction of one copy applies to all copies."""
    corrected = [row for row in rows if row.corrected_intent is not None]
    return max(corrected, key=lambda row: row.created_at).corrected_intent if corrected else None


def confidence_candidates(rows: Sequence[ExportRow], threshold: float) -> Iterator[CandidateLine]:
    """Yield a line for each row that is corrected, or predicted above the threshold."""
    if any(row.is_disputed for row in rows):
        return
    reviewed = reviewed_intent(rows)
    for row in rows:
        if not row.is_retained and (reviewed is not None or (row.confidence or 0) > threshold):
            yield CandidateLine(
                id=row.id,
                text=row.prompt,
                label=reviewed or row.predicted_intent,
                confidence=row.confidence,
                corrected=reviewed is not None,
                tier="person" if reviewed is not None else None,
                split="train",
                model_version=row.model_version,
                times_sent=1,
                row_ids=(row.id,),
            )


def audited_candidate(rows: Sequence[ExportRow], threshold: float) -> CandidateLine | str:
    """Return the one line of a text, labelled by its best tier, or why there is none."""
    if any(row.is_disputed for row in rows):
        return "disputed"
    tier, best_rows = _rows_of_best_tier(rows, threshold)
    if tier is None:
        return "unlabelled"
    labels = {row.corrected_intent or row.predicted_intent for row in best_rows}
    if tier == "person":
        label = reviewed_intent(rows) or ""
    elif len(labels) > 1:
        return "conflicting_labels"
    else:
        (label,) = labels
    latest = max(best_rows, key=lambda row: (row.created_at, row.id))
    return CandidateLine(
        id=latest.text_id,
        text=latest.prompt,
        label=label,
        confidence=latest.confidence,
        corrected=tier == "person",
        tier=tier,
        split=split_of(latest.prompt),
        model_version=latest.model_version,
        times_sent=sum(row.times_sent for row in rows),
        row_ids=tuple(row.id for row in rows),
        senders=tuple({row.sender for row in rows if row.sender is not None}),
    )


def _rows_of_best_tier(
    rows: Sequence[ExportRow], threshold: float
) -> tuple[Tier | None, list[ExportRow]]:
    tiers = [tier_of(row, threshold) for row in rows]
    for best in TIERS:
        if best in tiers:
            return best, [row for row, tier in zip(rows, tiers, strict=True) if tier == best]
    return None, []
