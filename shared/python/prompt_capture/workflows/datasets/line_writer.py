"""Write candidates as the lines of a dataset, and register their rows first."""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.manifests import DatasetCounts
from prompt_capture.domain.datasets.requests import (
    ExportRequest,
    format_audited_line,
    format_training_line,
)
from prompt_capture.domain.datasets.rows import ExportRow, Window, group_by_text
from prompt_capture.domain.datasets.tiers import Precision, Tier
from prompt_capture.ports import ExportSource
from prompt_capture.workflows.datasets.object_writers import TOMBSTONES, PartitionedWriter


@dataclass
class LineWriter:
    """Writes the lines of one dataset, and counts them in `counts`.

    `excluded` counts the lines whose rows were deleted during the export.
    """

    source: ExportSource
    request: ExportRequest
    parts: PartitionedWriter
    precisions: dict[Tier, Precision]
    is_salted: bool = False
    counts: DatasetCounts = field(default_factory=DatasetCounts)
    excluded: Counter[str] = field(default_factory=Counter)

    async def write(self, candidates: list[CandidateLine]) -> None:
        """Register the candidates' rows, then write their lines.

        A candidate whose rows were all deleted since has no line.
        """
        for split in {candidate.split for candidate in candidates}:
            in_split = [candidate for candidate in candidates if candidate.split == split]
            partition = split if self.request.is_per_text else ""
            row_ids = [row_id for candidate in in_split for row_id in candidate.row_ids]
            deleted = await self.source.register_rows(
                self.parts.datasets.bucket, self.parts.key(partition), row_ids
            )
            remaining = [
                candidate
                for candidate in self._without_rows(in_split, deleted)
                if candidate.times_sent
            ]
            self.counts.add(remaining, self.request.is_per_text)
            self.parts.write(partition, [self._line(candidate) for candidate in remaining])

    def _without_rows(
        self, candidates: list[CandidateLine], deleted: frozenset[str]
    ) -> Iterator[CandidateLine]:
        for candidate in candidates:
            missing = deleted.intersection(candidate.row_ids) if deleted else deleted
            if missing:
                self.excluded["changed_during_export"] += 1
            is_empty = len(missing) == len(candidate.row_ids)
            count = 0 if is_empty else max(1, candidate.times_sent - len(missing))
            yield candidate._replace(times_sent=count) if missing else candidate

    def _line(self, candidate: CandidateLine) -> str:
        if self.is_salted:
            candidate = candidate._replace(id=salted_id(candidate.id, self.request.series))
        if not self.request.is_per_text:
            return format_training_line(candidate)
        precision = self.precisions.get(candidate.tier) if candidate.tier else None
        return format_audited_line(
            candidate,
            precision.precision if precision else None,
            precision.ci_lower if precision else None,
        )

    async def write_erased_tombstones(self, window: Window) -> int:
        """Write tombstones for rows that were erased in the window. Return how many."""
        erased_rows = 0
        async for page in self.source.read_erased_rows(window):
            is_per_text = self.request.is_per_text
            self.write_tombstones([row.text_id if is_per_text else row.id for row in page])
            erased_rows += len(page)
        return erased_rows

    def write_tombstones(self, ids: list[str]) -> None:
        """Write the ids of lines that earlier datasets may contain and that are no longer valid."""
        if self.is_salted:
            ids = [salted_id(line_id, self.request.series) for line_id in ids]
        if ids:
            self.parts.write(TOMBSTONES, [json.dumps({"id": line_id}) for line_id in ids])


def salted_id(line_id: str, series: str) -> str:
    """Return a pseudonym of a line id: the same in all datasets of one series, and in no other."""
    return hashlib.sha256(f"{series}\n{line_id}".encode()).hexdigest()[:32]


async def group_pages_by_text(
    pages: AsyncIterator[list[ExportRow]], report: Callable[[int], None]
) -> AsyncIterator[list[list[ExportRow]]]:
    """Yield the complete texts of each page.

    The last text of a page waits, since the next page may continue it. `report` receives the
    number of rows so far.
    """
    incomplete: list[ExportRow] = []
    rows = 0
    async for page in pages:
        *complete, incomplete = group_by_text([*incomplete, *page])
        rows += len(page)
        yield complete
        report(rows)
    if incomplete:
        yield [incomplete]
