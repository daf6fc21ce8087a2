"""Which lines a dataset gets, by tier and by split, and why others stay out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prompt_capture.domain.datasets import ExportRequest
from prompt_capture.domain.drafts import Draft, decided_intent, mission_drafts, trusted_draft
from prompt_capture.domain.exports import ExportRow
from prompt_capture.domain.tiers import Tier


@dataclass
class Selection:
    """Decides line by line; `withheld` counts why lines stay out, `gone` are ids without a line, if
    they are to be noted.

    `is_near` says whether a text is nearly one that models are tested on.
    """

    request: ExportRequest
    admitted: frozenset[Tier]
    since: datetime | None = None
    is_near: Callable[[str], bool] = lambda text: False
    withheld: Counter[str] = field(default_factory=Counter)
    notes_gone: bool = False
    gone: list[str] = field(default_factory=list)

    def drafts(self, texts: Iterable[list[ExportRow]]) -> Iterator[Draft]:
        """Answer the lines of some texts."""
        for rows in texts:
            wanted = [row for row in rows if self._is_recent(row) and self.request.wants(row)]
            found = list(self._of_text(wanted)) if wanted else []
            yield from found
            self._note_gone(rows, found)

    def take_gone(self) -> list[str]:
        """Hand over the ids that have no line, and forget them."""
        taken, self.gone = self.gone, []
        return taken

    def to_review(self, rows: Sequence[ExportRow]) -> Iterator[ExportRow]:
        """Answer the rows of a text that a person should look at."""
        if decided_intent(rows) is None:
            for row in rows:
                is_unsure = not row.is_kept and (row.confidence or 0) < self.request.threshold
                named = not self.request.intents or row.predicted_intent in self.request.intents
                if is_unsure and named and self._is_recent(row) and self.request.wants(row):
                    yield row

    def _is_recent(self, row: ExportRow) -> bool:
        return self.since is None or datetime.fromisoformat(row.created_at) >= self.since

    def _of_text(self, rows: Sequence[ExportRow]) -> Iterator[Draft]:
        if self.request.is_by_text:
            draft = trusted_draft(rows, self.request.threshold)
            drafts = [draft] if isinstance(draft, Draft) else []
            self._count(draft if isinstance(draft, str) else None)
        else:
            drafts = list(mission_drafts(rows, self.request.threshold))
        for draft in drafts:
            reason = self._reason_against(draft)
            self._count(reason)
            if reason is None:
                yield draft

    def _count(self, reason: str | None) -> None:
        if reason:
            self.withheld[reason] += 1

    def _reason_against(self, draft: Draft) -> str | None:
        if self.request.intents and draft.label not in self.request.intents:
            return "other_intent"
        if self.request.mode == "gold":
            return None if _is_gold(draft) else "not_gold"
        if self.request.mode == "labelled":
            return None if draft.tier == "person" and draft.split != "gold" else "not_labelled"
        return self._reason_against_training(draft) if self.request.is_by_text else None

    def _reason_against_training(self, draft: Draft) -> str | None:
        if draft.split == "gold":
            return "gold"
        if draft.split == "dev" and draft.tier != "person":
            return "dev_without_a_person"
        if draft.tier not in self.admitted:
            return "tier_below_floor"
        if draft.split == "train" and self.is_near(draft.text):
            return "too_near_to_dev_or_gold"
        return None

    def _note_gone(self, rows: Sequence[ExportRow], found: Sequence[Draft]) -> None:
        lines = {draft.id for draft in found}
        if not self.notes_gone:
            return
        if self.request.is_by_text:
            self.gone += [] if lines else [rows[0].text_id]
        else:
            self.gone += [row.id for row in rows if row.id not in lines]


def _is_gold(draft: Draft) -> bool:
    return draft.tier == "person" and draft.split == "gold"
