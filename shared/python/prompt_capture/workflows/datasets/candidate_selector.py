"""Select the lines of a dataset, and count the reasons for exclusion."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prompt_capture.domain.datasets.candidate_lines import (
    CandidateLine,
    audited_candidate,
    confidence_candidates,
    reviewed_intent,
)
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.datasets.tiers import Tier


@dataclass
class CandidateSelector:
    """Selects candidate lines. `excluded` counts the reasons of the others.

    `is_near_heldout` returns whether a text is a near-duplicate of a dev or gold text. With
    `collects_tombstones`, the selector also returns the ids that have no line.
    """

    request: ExportRequest
    admitted_tiers: frozenset[Tier]
    since: datetime | None = None
    is_near_heldout: Callable[[str], bool] = lambda text: False
    excluded: Counter[str] = field(default_factory=Counter)
    collects_tombstones: bool = False

    def select(self, texts: Iterable[list[ExportRow]]) -> tuple[list[CandidateLine], list[str]]:
        """Return the selected lines of some texts, and their tombstones if they are collected."""
        candidates: list[CandidateLine] = []
        tombstones: list[str] = []
        for rows in texts:
            matching = [row for row in rows if self._matches(row)] if self._has_filters else rows
            selected = list(self._select_from_text(matching)) if matching else []
            candidates += selected
            if self.collects_tombstones:
                tombstones += self._ids_without_line(rows, selected)
        return candidates, tombstones

    def rows_to_review(self, rows: Sequence[ExportRow]) -> Iterator[ExportRow]:
        """Yield the rows of a text that need a review."""
        if reviewed_intent(rows) is None:
            intents = self.request.intents
            for row in rows:
                is_unsure = not row.is_retained and (row.confidence or 0) < self.request.threshold
                is_requested = not intents or row.predicted_intent in intents
                if is_unsure and is_requested and self._matches(row):
                    yield row

    def __post_init__(self) -> None:
        request = self.request
        self._has_filters = bool(self.since or request.sources or request.model_versions)

    def _matches(self, row: ExportRow) -> bool:
        return self._is_recent(row) and self.request.matches_filters(row)

    def _is_recent(self, row: ExportRow) -> bool:
        return self.since is None or datetime.fromisoformat(row.created_at) >= self.since

    def _select_from_text(self, rows: Sequence[ExportRow]) -> Iterator[CandidateLine]:
        if self.request.is_per_text:
            candidate = audited_candidate(rows, self.request.threshold)
            candidates = [candidate] if isinstance(candidate, CandidateLine) else []
            self._count_exclusion(candidate if isinstance(candidate, str) else None)
        else:
            candidates = list(confidence_candidates(rows, self.request.threshold))
        for candidate in candidates:
            reason = self._exclusion_reason(candidate)
            self._count_exclusion(reason)
            if reason is None:
                yield candidate

    def _count_exclusion(self, reason: str | None) -> None:
        if reason:
            self.excluded[reason] += 1

    def _exclusion_reason(self, candidate: CandidateLine) -> str | None:
        request = self.request
        is_reviewed = candidate.tier == "person"
        if request.intents and candidate.label not in request.intents:
            return "intent_not_requested"
        if request.mode == "gold":
            is_eligible = is_reviewed and candidate.split == "gold"
            return None if is_eligible else "ineligible_for_gold"
        if request.mode == "labelled":
            is_eligible = is_reviewed and candidate.split != "gold"
            return None if is_eligible else "ineligible_for_labelled"
        return self._training_exclusion_reason(candidate) if request.is_per_text else None

    def _training_exclusion_reason(self, candidate: CandidateLine) -> str | None:
        if candidate.split == "gold":
            return "gold_split"
        if candidate.split == "dev" and candidate.tier != "person":
            return "dev_unlabelled_by_person"
        if candidate.tier not in self.admitted_tiers:
            return "tier_below_floor"
        if candidate.split == "train" and self.is_near_heldout(candidate.text):
            return "near_heldout"
        return None

    def _ids_without_line(
        self, rows: Sequence[ExportRow], selected: Sequence[CandidateLine]
    ) -> list[str]:
        if self.request.is_per_text:
            return [] if selected else [rows[0].text_id]
        line_ids = {candidate.id for candidate in selected}
        return [row.id for row in rows if row.id not in line_ids]
