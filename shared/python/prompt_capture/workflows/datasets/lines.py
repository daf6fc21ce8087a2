"""One attempt at a dataset of lines: read, select, note, write."""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.manifests import Counts
from prompt_capture.domain.datasets.requests import ExportRequest, audited_line, training_line
from prompt_capture.domain.datasets.rows import ExportRow, Window, texts
from prompt_capture.domain.datasets.tiers import Precision, Tier
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.writers import TOMBSTONED, PartitionedWriter


@dataclass
class LinesExport:
    """Writes drafts as lines of one dataset; `counts` says of what kind."""

    source: ExportSource
    request: ExportRequest
    parts: PartitionedWriter
    precisions: dict[Tier, Precision]
    is_salted: bool = False
    counts: Counts = field(default_factory=Counts)
    changed_meanwhile: Counter[str] = field(default_factory=Counter)

    async def write(self, drafts: list[CandidateLine]) -> None:
        """Note the drafts' rows, then write their lines; rows that are gone leave no line."""
        for split in {draft.split for draft in drafts}:
            of_split = [draft for draft in drafts if draft.split == split]
            place = split if self.request.is_by_text else ""
            noted = [row_id for draft in of_split for row_id in draft.row_ids]
            gone = await self.source.register_rows(
                self.parts.datasets.bucket, self.parts.key(place), noted
            )
            kept = [draft for draft in self._without(of_split, gone) if draft.times_sent]
            self.counts.add(kept, self.request.is_by_text)
            self.parts.write(place, [self._line(draft) for draft in kept])

    def _without(
        self, drafts: list[CandidateLine], gone: frozenset[str]
    ) -> Iterator[CandidateLine]:
        for draft in drafts:
            missing = gone.intersection(draft.row_ids) if gone else gone
            if missing:
                self.changed_meanwhile["changed_meanwhile"] += 1
            is_empty = len(missing) == len(draft.row_ids)
            count = 0 if is_empty else max(1, draft.times_sent - len(missing))
            yield draft._replace(times_sent=count) if missing else draft

    def _line(self, draft: CandidateLine) -> str:
        if self.is_salted:
            draft = draft._replace(id=salted(draft.id, self.request.series))
        if not self.request.is_by_text:
            return training_line(draft)
        precision = self.precisions.get(draft.tier) if draft.tier else None
        return audited_line(
            draft,
            precision.precision if precision else None,
            precision.at_least if precision else None,
        )

    async def write_erased(self, window: Window) -> int:
        """Write the ids of lines that other datasets have, of people who were erased."""
        erased = 0
        async for page in self.source.read_erased_rows(window):
            by_text = self.request.is_by_text
            self.add_tombstones([row.text_id if by_text else row.id for row in page])
            erased += len(page)
        return erased

    def add_tombstones(self, ids: list[str]) -> None:
        """Write the ids of lines that other datasets have and that stand no more."""
        if self.is_salted:
            ids = [salted(one, self.request.series) for one in ids]
        if ids:
            self.parts.write(TOMBSTONED, [json.dumps({"id": one}) for one in ids])


def salted(line_id: str, series: str) -> str:
    """Answer a pseudonym of a line's id, the same in all datasets of a series and in no other."""
    return hashlib.sha256(f"{series}\n{line_id}".encode()).hexdigest()[:32]


async def whole_texts(
    pages: AsyncIterator[list[ExportRow]], report: Callable[[int], None]
) -> AsyncIterator[list[list[ExportRow]]]:
    """Answer the texts of each page, whole: the last one waits for the page that may go on."""
    begun: list[ExportRow] = []
    rows = 0
    async for page in pages:
        *whole, begun = texts([*begun, *page])
        rows += len(page)
        yield whole
        report(rows)
    if begun:
        yield [begun]
