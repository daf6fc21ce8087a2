"""Which lines a dataset gets, by tier and by split, and why others stay out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prompt_capture.domain.datasets.candidate_lines import (
    CandidateLine,
    audited_candidate,
    confidence_candidates,
    decided_intent,
)
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.datasets.tiers import Tier


@dataclass
class Selection:
    """Decides line by line; `excluded` counts why lines stay out.

    `notes_gone`: the ids that have no line are to be told. `is_near` says whether a text is nearly
    one that models are tested on.
    """

    request: ExportRequest
    admitted: frozenset[Tier]
    since: datetime | None = None
    is_near: Callable[[str], bool] = lambda text: False
    excluded: Counter[str] = field(default_factory=Counter)
    notes_gone: bool = False

    def page(self, texts: Iterable[list[ExportRow]]) -> tuple[list[CandidateLine], list[str]]:
        """Answer the lines of some texts, and the ids that have none, if they are to be noted."""
        drafts: list[CandidateLine] = []
        gone: list[str] = []
        for rows in texts:
            wanted = [row for row in rows if self._wants(row)] if self._chooses else rows
            found = list(self._of_text(wanted)) if wanted else []
            drafts += found
            if self.notes_gone:
                gone += self._without_line(rows, found)
        return drafts, gone

    def to_review(self, rows: Sequence[ExportRow]) -> Iterator[ExportRow]:
        """Answer the rows of a text that a person should look at."""
        if decided_intent(rows) is None:
            for row in rows:
                is_unsure = not row.is_retained and (row.confidence or 0) < self.request.threshold
                named = not self.request.intents or row.predicted_intent in self.request.intents
                if is_unsure and named and self._wants(row):
                    yield row

    def __post_init__(self) -> None:
        request = self.request
        self._chooses = bool(self.since or request.sources or request.model_versions)

    def _wants(self, row: ExportRow) -> bool:
        return self._is_recent(row) and self.request.wants(row)

    def _is_recent(self, row: ExportRow) -> bool:
        return self.since is None or datetime.fromisoformat(row.created_at) >= self.since

    def _of_text(self, rows: Sequence[ExportRow]) -> Iterator[CandidateLine]:
        if self.request.is_by_text:
            draft = audited_candidate(rows, self.request.threshold)
            drafts = [draft] if isinstance(draft, CandidateLine) else []
            self._count(draft if isinstance(draft, str) else None)
        else:
            drafts = list(confidence_candidates(rows, self.request.threshold))
        for draft in drafts:
            reason = self._reason_against(draft)
            self._count(reason)
            if reason is None:
                yield draft

    def _count(self, reason: str | None) -> None:
        if reason:
            self.excluded[reason] += 1

    def _reason_against(self, draft: CandidateLine) -> str | None:
        if self.request.intents and draft.label not in self.request.intents:
            return "other_intent"
        if self.request.mode == "gold":
            return None if _is_gold(draft) else "not_gold"
        if self.request.mode == "labelled":
            return None if draft.tier == "person" and draft.split != "gold" else "not_labelled"
        return self._reason_against_training(draft) if self.request.is_by_text else None

    def _reason_against_training(self, draft: CandidateLine) -> str | None:
        if draft.split == "gold":
            return "gold"
        if draft.split == "dev" and draft.tier != "person":
            return "dev_without_a_person"
        if draft.tier not in self.admitted:
            return "tier_below_floor"
        if draft.split == "train" and self.is_near(draft.text):
            return "too_near_to_dev_or_gold"
        return None

    def _without_line(self, rows: Sequence[ExportRow], found: Sequence[CandidateLine]) -> list[str]:
        if self.request.is_by_text:
            return [] if found else [rows[0].text_id]
        lines = {draft.id for draft in found}
        return [row.id for row in rows if row.id not in lines]


def _is_gold(draft: CandidateLine) -> bool:
    return draft.tier == "person" and draft.split == "gold"
