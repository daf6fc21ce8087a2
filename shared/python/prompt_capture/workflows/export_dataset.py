"""Export a dataset: stream the prompts that qualify into one object."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import BinaryIO, TypeVar
from uuid import UUID

from prompt_capture.domain.datasets import (
    ExportedDataset,
    ExportRequest,
    dataset_key,
    review_entry,
    training_line,
)
from prompt_capture.domain.prompts import ReviewablePrompt
from prompt_capture.ports import DatasetStore, PromptStore

REPORT_EVERY_ROWS = 10_000
IDS_NOTED_AT_ONCE = 1_000

Exported = TypeVar("Exported", bound=ReviewablePrompt)

logger = logging.getLogger(__name__)


def log_progress(rows: int) -> None:
    """Say in the log how many rows were written so far."""
    logger.info("Exporting.", extra={"rows": rows})


def utc_now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


class ExportDataset:
    """Write a retraining dataset (JSON lines) or a review dataset (one JSON array).

    Memory does not grow with the table: a page of prompts is held at a time. `report` is told now
    and then how many rows were written.
    """

    def __init__(
        self,
        store: PromptStore,
        datasets: DatasetStore,
        prefix: str = "exports",
        clock: Callable[[], datetime] = utc_now,
        report: Callable[[int], None] = log_progress,
    ) -> None:
        self._store = store
        self._datasets = datasets
        self._prefix = prefix
        self._clock = clock
        self._report = report

    async def __call__(self, request: ExportRequest) -> ExportedDataset:
        """Export what was asked for; raises `StoreUnavailable` and then leaves no object."""
        exported_at = self._clock()
        since = request.since(exported_at)
        key = dataset_key(self._prefix, request.mode, exported_at)
        if request.mode == "retraining":
            with self._datasets.create(key, "application/x-ndjson") as sink:
                rows = await self._write_training_lines(sink, key, request.threshold, since)
        else:
            with self._datasets.create(key, "application/json") as sink:
                rows = await self._write_review_array(sink, key, request.threshold, since)
        logger.info("A dataset was exported.", extra={"mode": request.mode, "rows": rows})
        return ExportedDataset(
            mode=request.mode,
            url=self._datasets.url(key),
            bucket=self._datasets.bucket,
            key=key,
            rows=rows,
            confidence_threshold=request.threshold,
            since=since,
            exported_at=exported_at,
        )

    async def _write_training_lines(
        self, sink: BinaryIO, key: str, threshold: float, since: datetime | None
    ) -> int:
        prompts = self._noted(key, self._store.get_prompts_for_retraining(threshold, since))
        lines = (training_line(prompt) async for prompt in prompts)
        return await self._write(sink, lines, end="\n")

    async def _write_review_array(
        self, sink: BinaryIO, key: str, threshold: float, since: datetime | None
    ) -> int:
        prompts = self._noted(key, self._store.get_low_confidence_prompts(threshold, since))
        entries = (review_entry(prompt) async for prompt in prompts)
        sink.write(b"[")
        rows = await self._write(sink, entries, start="\n  ", separator=",")
        sink.write(b"\n]\n" if rows else b"]\n")
        return rows

    async def _noted(self, key: str, prompts: AsyncIterator[Exported]) -> AsyncIterator[Exported]:
        """Note which prompts the object will hold: an erasure has to find them there."""
        bucket = self._datasets.bucket
        log_ids: list[UUID] = []
        async for prompt in prompts:
            log_ids.append(prompt.id)
            if len(log_ids) == IDS_NOTED_AT_ONCE:
                await self._store.note_export(bucket, key, log_ids)
                log_ids = []
            yield prompt
        if log_ids:
            await self._store.note_export(bucket, key, log_ids)

    async def _write(
        self,
        sink: BinaryIO,
        texts: AsyncIterator[str],
        *,
        start: str = "",
        separator: str = "",
        end: str = "",
    ) -> int:
        rows = 0
        async for text in texts:
            sink.write(f"{separator if rows else ''}{start}{text}{end}".encode())
            rows += 1
            if rows % REPORT_EVERY_ROWS == 0:
                self._report(rows)
        return rows
