"""One build of a dataset: all of its objects, and the manifest that is to be written last."""

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
from prompt_capture.domain.datasets.tiers import TIERS, Precision, Tier, admit_tiers
from prompt_capture.domain.datasets.warnings import dataset_warnings
from prompt_capture.ports import DatasetStore, ExportSource
from prompt_capture.workflows.datasets.candidate_selector import CandidateSelector
from prompt_capture.workflows.datasets.k_anonymity import KAnonymityFilter
from prompt_capture.workflows.datasets.line_writer import LineWriter, group_pages_by_text
from prompt_capture.workflows.datasets.near_heldout import load_near_heldout_check
from prompt_capture.workflows.datasets.object_writers import PartitionedWriter
from prompt_capture.workflows.datasets.prefetch import prefetch
from prompt_capture.workflows.datasets.review_file import write_review_file

_ID_TYPES = {(False, False): "row", (False, True): "salted_row",
             (True, False): "text", (True, True): "salted_text"}  # fmt: skip


class DatasetBuild:
    """Builds a dataset once. `abort` removes everything that the build wrote."""

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
        """Write every object but the manifest, and return the manifest.

        Raise `StoreUnavailable` and `DatasetsUnavailable`.
        """
        request = self._request
        precisions = await self._precisions()
        tiers, excluded_tiers = admit_tiers(precisions, request.floor)
        selector = CandidateSelector(request, tiers, request.since(now))
        selector.collects_tombstones = not opened.window.is_whole and request.mode != "review"
        writer = LineWriter(self._source, request, self._parts, precisions, bool(request.anonymize))
        if request.mode == "review":
            await write_review_file(self._source, opened.window, selector, writer, self._report)
        else:
            await self._write_lines(opened, selector, writer)
        erased_rows = 0
        if not opened.window.is_whole and request.mode != "review":
            erased_rows = await writer.write_erased_tombstones(opened.window)
        is_audited = request.is_per_text and request.mode == "retraining"
        return Manifest.model_validate(
            {
                "request": request,
                "series": request.series,
                "window": opened.window,
                "opened_at": opened.opened_at,
                "exported_at": now,
                "confidence_threshold": request.threshold,
                "since": request.since(now),
                "id_type": _ID_TYPES[request.is_per_text, bool(request.anonymize)],
                "bucket": self._parts.datasets.bucket,
                "objects": self._parts.close(self._splits()),
                "counts": writer.counts,
                "tiers": precisions,
                "excluded_tiers": excluded_tiers if is_audited else {},
                "excluded": selector.excluded + writer.excluded,
                "erased_rows": erased_rows,
                "warnings": dataset_warnings(request, precisions, writer.counts),
            }
        )

    def abort(self) -> None:
        """Remove every object that was written."""
        self._parts.abort()

    def _splits(self) -> list[str]:
        if not self._request.is_per_text:
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
        audited_tiers = (tier for tier in TIERS if tier != "person")
        return {
            tier: Precision.from_audits(audit for audit in audits if audit.tier == tier)
            for tier in audited_tiers
        }

    async def _write_lines(
        self, opened: OpenedExport, selector: CandidateSelector, writer: LineWriter
    ) -> None:
        request = self._request
        if request.is_per_text and request.mode == "retraining":
            selector.is_near_heldout = await load_near_heldout_check(self._source, opened.window)
        async with aclosing(prefetch(self._pages(opened, selector))) as pages:
            if request.anonymize:
                await self._write_anonymised_lines(pages, selector, writer)
                return
            async for candidates, tombstones in pages:
                await writer.write(candidates)
                writer.write_tombstones(tombstones)

    async def _write_anonymised_lines(
        self,
        pages: AsyncIterator[tuple[list[CandidateLine], list[str]]],
        selector: CandidateSelector,
        writer: LineWriter,
    ) -> None:
        with closing(KAnonymityFilter(self._request.users_per_cluster)) as k_anonymity:
            async for candidates, tombstones in pages:
                k_anonymity.add(candidates)
                writer.write_tombstones(tombstones)
            for candidates in k_anonymity.admitted():
                await writer.write(candidates)
            if k_anonymity.excluded:
                selector.excluded["too_few_users"] = k_anonymity.excluded

    async def _pages(
        self, opened: OpenedExport, selector: CandidateSelector
    ) -> AsyncGenerator[tuple[list[CandidateLine], list[str]], None]:
        """Yield candidates and tombstones, page by page.

        The selection runs in a thread, so that the event loop continues to read and write.
        """
        salt = token_hex(8) if self._request.anonymize else ""
        pages = self._source.read_export(opened.window, salt)
        async for texts in group_pages_by_text(pages, self._report):
            yield await asyncio.to_thread(selector.select, texts)
