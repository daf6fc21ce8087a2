"""One attempt at a dataset: all of its objects, and the manifest that would make them one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, closing
from datetime import datetime
from secrets import token_hex

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.keys import DatasetKeys
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import OpenedExport
from prompt_capture.domain.datasets.tiers import TIERS, Precision, Tier, admitted
from prompt_capture.domain.datasets.warnings import warnings_about
from prompt_capture.ports import DatasetStore, ExportSource
from prompt_capture.workflows.datasets.k_anonymity import KAnonymityFilter
from prompt_capture.workflows.datasets.lines import LinesExport, whole_texts
from prompt_capture.workflows.datasets.near_heldout import near_heldout
from prompt_capture.workflows.datasets.prefetch import prefetch
from prompt_capture.workflows.datasets.review import review_entries
from prompt_capture.workflows.datasets.selection import Selection
from prompt_capture.workflows.datasets.writers import PartitionedWriter

_ID_KINDS = {(False, False): "row", (False, True): "salted row",
             (True, False): "text", (True, True): "salted text"}  # fmt: skip


class Attempt:
    """Run it once; `abandon` takes back whatever it wrote."""

    def __init__(
        self,
        source: ExportSource,
        datasets: DatasetStore,
        request: ExportRequest,
        keys: DatasetKeys,
        report: Callable[[int], None],
    ) -> None:
        self._source = source
        self._request = request
        self._report = report
        self._parts = PartitionedWriter(datasets, keys)

    async def run(self, opened: OpenedExport, now: datetime) -> Manifest:
        """Write every object; raises `StoreUnavailable` and `DatasetsUnavailable`."""
        request = self._request
        precisions = await self._precisions()
        tiers, excluded_tiers = admitted(precisions, request.floor)
        selection = Selection(request, tiers, request.since(now))
        selection.notes_gone = not opened.window.is_whole and request.mode != "review"
        writing = LinesExport(
            self._source, request, self._parts, precisions, bool(request.anonymize)
        )
        if request.mode == "review":
            await review_entries(self._source, opened.window, selection, writing, self._report)
        else:
            await self._write_lines(opened, selection, writing)
        erased = 0
        if not opened.window.is_whole and request.mode != "review":
            erased = await writing.write_erased(opened.window)
        by_text = request.is_by_text and request.mode == "retraining"
        return Manifest.model_validate(
            {
                "request": request,
                "series": request.series,
                "window": opened.window,
                "opened_at": opened.opened_at,
                "exported_at": now,
                "confidence_threshold": request.threshold,
                "since": request.since(now),
                "ids": _ID_KINDS[request.is_by_text, bool(request.anonymize)],
                "bucket": self._parts.datasets.bucket,
                "objects": self._parts.close(self._splits()),
                "counts": writing.counts,
                "tiers": precisions,
                "excluded_tiers": excluded_tiers if by_text else {},
                "excluded": selection.excluded + writing.changed_meanwhile,
                "erased_rows": erased,
                "warnings": warnings_about(request, precisions, writing.counts),
            }
        )

    def abandon(self) -> None:
        """Leave no object behind."""
        self._parts.abandon()

    def _splits(self) -> list[str]:
        if not self._request.is_by_text:
            return [""] if self._request.mode == "retraining" else []
        if self._request.mode == "gold":
            return ["gold"]
        return ["train", "dev"]

    async def _precisions(self) -> dict[Tier, Precision]:
        versions = self._request.model_versions
        audits = [
            audit
            for audit in await self._source.read_audit_results(self._request.threshold)
            if not versions or audit.model_version in versions
        ]
        measured = (tier for tier in TIERS if tier != "person")
        return {
            tier: Precision.measured(audit for audit in audits if audit.tier == tier)
            for tier in measured
        }

    async def _write_lines(
        self, opened: OpenedExport, selection: Selection, writing: LinesExport
    ) -> None:
        request = self._request
        if request.is_by_text and request.mode == "retraining":
            selection.is_near = await near_heldout(self._source, opened.window)
        async with aclosing(prefetch(self._pages(opened, selection))) as pages:
            if request.anonymize:
                await self._write_crowds(pages, selection, writing)
                return
            async for drafts, gone in pages:
                await writing.write(drafts)
                writing.add_tombstones(gone)

    async def _write_crowds(
        self,
        pages: AsyncIterator[tuple[list[CandidateLine], list[str]]],
        selection: Selection,
        writing: LinesExport,
    ) -> None:
        with closing(KAnonymityFilter(self._request.users_per_cluster)) as crowds:
            async for drafts, gone in pages:
                crowds.add(drafts)
                writing.add_tombstones(gone)
            for drafts in crowds.large_enough():
                await writing.write(drafts)
            if crowds.excluded:
                selection.excluded["too_few_users"] = crowds.excluded

    async def _pages(
        self, opened: OpenedExport, selection: Selection
    ) -> AsyncGenerator[tuple[list[CandidateLine], list[str]], None]:
        """Answer drafts, and ids without a line, page by page.

        They are selected in a thread, so that the loop goes on reading and noting meanwhile.
        """
        salt = token_hex(8) if self._request.anonymize else ""
        pages = self._source.read_export(opened.window, salt)
        async for texts in whole_texts(pages, self._report):
            yield await asyncio.to_thread(selection.page, texts)
