"""Export a dataset: data objects first, then the manifest that makes them one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from prompt_capture.domain.datasets.keys import DatasetKeys
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.datasets.rows import OpenedExport
from prompt_capture.domain.errors import ExportInvalidated, ExportTooLarge
from prompt_capture.ports import DatasetStore, ExportSource
from prompt_capture.workflows.datasets.attempt import Attempt

MAX_ROWS = 5_000_000
"""What one invocation of 15 minutes can surely export."""

ATTEMPTS = 3

logger = logging.getLogger(__name__)


def log_progress(rows: int) -> None:
    """Say in the log how many rows were read so far."""
    logger.info("Exporting.", extra={"rows": rows})


def utc_now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ExportOptions:
    """Where datasets go, how many rows one may be made of, and how few lines are worth a warning.

    `leaves_account`: datasets are anonymised unless the request says otherwise.
    """

    prefix: str = "exports"
    retained_prefix: str = "retained"
    max_rows: int = MAX_ROWS
    min_lines: int = 0
    leaves_account: bool = False


class ExportDataset:
    """Write a dataset once: for the same tick of a schedule, a repeat finds it and writes nothing.

    Memory does not grow with the table. `report` is told now and then how many rows were read.
    """

    def __init__(
        self,
        source: ExportSource,
        datasets: DatasetStore,
        options: ExportOptions | None = None,
        clock: Callable[[], datetime] = utc_now,
        report: Callable[[int], None] | None = None,
    ) -> None:
        self._source = source
        self._datasets = datasets
        self._options = options or ExportOptions()
        self._clock = clock
        self._report = report or log_progress

    async def __call__(self, request: ExportRequest) -> ExportedDataset:
        """Export what was asked for.

        Raises `StoreUnavailable`, `DatasetsUnavailable`, `ExportTooLarge`, `ExportInvalidated` and
        `InvalidExport`, and then leaves nothing that looks like a dataset.
        """
        if request.anonymize is None:
            leaves = self._options.leaves_account and request.is_by_text
            request = request.model_copy(update={"anonymize": leaves})
        for _ in range(ATTEMPTS):
            keys = self._keys(request)
            if found := await self._found(keys):
                return found
            if made := await self._attempt(request, keys):
                return made
        raise ExportInvalidated("People were erased while the export ran. Run it again.")

    def _keys(self, request: ExportRequest) -> DatasetKeys:
        prefixes = (self._options.prefix, self._options.retained_prefix)
        moment = request.scheduled_at or self._clock()
        return DatasetKeys.of(request, moment, prefixes, token_hex(6))

    async def _found(self, keys: DatasetKeys) -> ExportedDataset | None:
        content = self._datasets.read(keys.manifest)
        if not content:
            return None
        manifest = Manifest.model_validate_json(content)
        if not await self._stands(manifest, keys.manifest):
            return None
        logger.info("The dataset is there already.", extra={"manifest": keys.manifest})
        return self._answer(manifest, keys.manifest, is_repeat=True)

    async def _attempt(self, request: ExportRequest, keys: DatasetKeys) -> ExportedDataset | None:
        """Answer the dataset, this attempt's or the one that was quicker; None if overtaken."""
        opened = await self._opened(request)
        attempt = Attempt(self._source, self._datasets, request, keys, self._report)
        try:
            manifest = await attempt.run(opened, self._clock())
            overtaken = await self._is_overtaken(manifest)
        except BaseException:
            attempt.abandon()
            raise
        if overtaken:
            attempt.abandon()
            return None
        # If this fails, nobody knows whether it was written: the objects stay.
        content = manifest.model_dump_json(indent=2).encode()
        if not self._datasets.create_if_absent(keys.manifest, content, "application/json"):
            attempt.abandon()
            return await self._found(keys)
        if not await self._stands(manifest, keys.manifest):
            return None
        self._log(manifest)
        return self._answer(manifest, keys.manifest)

    async def _opened(self, request: ExportRequest) -> OpenedExport:
        most = self._options.max_rows
        opened = await self._source.open_export(request.series, request.since_last, most)
        if opened.rows > most:
            raise ExportTooLarge(
                f"More than {most:,} rows are in the window. Take fewer with since_last, run "
                "`prompt-capture export` where there is time for all, or raise EXPORT_MAX_ROWS."
            )
        return opened

    async def _is_overtaken(self, manifest: Manifest) -> bool:
        keys = [part.key for part in manifest.objects]
        return await self._source.has_erasures_since(manifest.bucket, keys, manifest.opened_at)

    async def _stands(self, manifest: Manifest, key: str) -> bool:
        """Record a dataset whose manifest is there, unless it holds rows of somebody erased.

        Whoever was erased before the manifest was there was not looked for in it.
        """
        if await self._is_overtaken(manifest):
            self._datasets.discard(key)
            for part in manifest.objects:
                self._datasets.discard(part.key)
            return False
        await self._source.record_dataset(
            manifest.series, manifest.bucket, key, manifest.window, manifest.counts.lines
        )
        return True

    def _answer(self, manifest: Manifest, key: str, is_repeat: bool = False) -> ExportedDataset:
        url = self._datasets.url(manifest.objects[0].key)
        return manifest.answer(key, url, is_repeat)

    def _log(self, manifest: Manifest) -> None:
        told = {"mode": manifest.request.mode, "rows": manifest.counts.lines}
        logger.info("A dataset was exported.", extra=told)
        if manifest.counts.lines < self._options.min_lines:
            logger.warning("The dataset holds too little.", extra=told)
        for warning in manifest.warnings:
            logger.warning(warning)
