"""From the rows of a text to a line of a dataset, or to the reason why it has none."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.datasets.splits import Split, split_of
from prompt_capture.domain.datasets.tiers import TIERS, Tier, tier_of


class CandidateLine(NamedTuple):
    """A line that may go into a dataset, with the rows and the senders that it speaks for."""

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


def decided_intent(rows: Sequence[ExportRow]) -> str | None:
    """Answer what people say of a text: a decision about one copy is one about all."""
    corrected = [row for row in rows if row.corrected_intent is not None]
    return max(corrected, key=lambda row: row.created_at).corrected_intent if corrected else None


def confidence_candidates(rows: Sequence[ExportRow], threshold: float) -> Iterator[CandidateLine]:
    """Answer a line for each row that is corrected, or predicted above the threshold."""
    if any(row.is_disputed for row in rows):
        return
    decided = decided_intent(rows)
    for row in rows:
        if not row.is_retained and (decided is not None or (row.confidence or 0) > threshold):
            yield CandidateLine(
                id=row.id,
                text=row.prompt,
                label=decided or row.predicted_intent,
                confidence=row.confidence,
                corrected=decided is not None,
                tier="person" if decided is not None else None,
                split="train",
                model_version=row.model_version,
                times_sent=1,
                row_ids=(row.id,),
            )


def audited_candidate(rows: Sequence[ExportRow], threshold: float) -> CandidateLine | str:
    """Answer the one line of a text, by its best tier, or why it has none."""
    if any(row.is_disputed for row in rows):
        return "disputed"
    tier, best = _best(rows, threshold)
    if tier is None:
        return "without_a_label"
    labels = {row.corrected_intent or row.predicted_intent for row in best}
    if tier == "person":
        label = decided_intent(rows) or ""
    elif len(labels) > 1:
        return "conflicting"
    else:
        (label,) = labels
    latest = max(best, key=lambda row: (row.created_at, row.id))
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


def _best(rows: Sequence[ExportRow], threshold: float) -> tuple[Tier | None, list[ExportRow]]:
    tiers = [tier_of(row, threshold) for row in rows]
    for wanted in TIERS:
        if wanted in tiers:
            return wanted, [row for row, tier in zip(rows, tiers, strict=True) if tier == wanted]
    return None, []
