"""Export a dataset: first the data objects, then the manifest that completes it."""

import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from prompt_capture.domain.datasets.audits import tier_precisions
from prompt_capture.domain.datasets.kinds import DatasetKind
from prompt_capture.domain.datasets.manifest import DatasetKeys, Manifest
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.datasets.rows import OpenedExport
from prompt_capture.domain.errors import ExportInvalidated, ExportTooLarge
from prompt_capture.domain.text import NORMAL_FORM_VERSION
from prompt_capture.ports.exports import DatasetStore, ExportSource
from prompt_capture.workflows.exports.selection import LineSelection
from prompt_capture.workflows.exports.writer import PartitionedWriter, create_line_writer

MAX_ROWS = 5_000_000
"""One invocation of 15 minutes can export this many rows with a margin."""

MAX_BUILDS = 3

MAX_DURATION = timedelta(hours=12)
"""After a day without a manifest, the ledger forgets which erased users an object held."""

logger = logging.getLogger(__name__)


def log_progress(rows: int) -> None:
    """Log the number of rows that were read so far."""
    logger.info("Exporting.", extra={"rows": rows})


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ExportOptions:
    """The prefixes of datasets, the limit of rows, and the number of lines below which to warn.

    `anonymizes_by_default`: datasets with one line per text are anonymised unless the request
    specifies `anonymize`. `place`: what the ledger puts before the series, since a copy in a folder
    is no dataset that those in the bucket continue.
    """

    prefix: str = "exports"
    retained_prefix: str = "retained"
    max_rows: int = MAX_ROWS
    min_lines: int = 0
    anonymizes_by_default: bool = False
    place: str = ""

    def recorded_series(self, request: ExportRequest) -> str:
        """Return the series of a request as the ledger names it."""
        return f"{self.place} {request.series}".lstrip()

    def prefix_for(self, kind: DatasetKind) -> str:
        """Return the prefix of a kind's datasets."""
        return self.retained_prefix if kind.is_retained else self.prefix

    def with_default_anonymization(self, request: ExportRequest) -> ExportRequest:
        """Return the request with a value for `anonymize`."""
        if request.anonymize is not None:
            return request
        anonymize = self.anonymizes_by_default and request.kind.id_type == "text"
        return request.model_copy(update={"anonymize": anonymize})


class ExportDataset:
    """Writes a dataset once. A repeat for the same schedule tick finds it, and writes nothing.

    Memory does not grow with the table. `report` receives the number of rows so far.
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
        """Export the requested dataset.

        Raise `StoreUnavailable`, `DatasetsUnavailable`, `ExportTooLarge`, `ExportInvalidated` and
        `InvalidExport`. After an error there is no manifest, so there is no dataset.
        """
        request = self._options.with_default_anonymization(request)
        for _ in range(MAX_BUILDS):
            keys = self._keys(request)
            if existing := await self._existing_dataset(keys):
                return existing
            if built := await self._build(request, keys):
                return built
        raise ExportInvalidated(
            "Users whose rows were being exported were erased. Run the export again."
        )

    def _keys(self, request: ExportRequest) -> DatasetKeys:
        moment = request.scheduled_at or self._clock()
        prefix = self._options.prefix_for(request.kind)
        return DatasetKeys.for_build(request, moment, prefix, token_hex(6))

    async def _existing_dataset(self, keys: DatasetKeys) -> ExportedDataset | None:
        content = self._datasets.read(keys.manifest)
        if not content:
            return None
        manifest = Manifest.model_validate_json(content)
        if not await self._record_unless_invalidated(manifest, keys.manifest):
            return None
        logger.info("The dataset already exists.", extra={"manifest": keys.manifest})
        return self._exported_dataset(manifest, keys.manifest, is_repeat=True)

    async def _build(self, request: ExportRequest, keys: DatasetKeys) -> ExportedDataset | None:
        """Return the dataset of this build, or of a concurrent build that was faster.

        None: an erasure invalidated the dataset.
        """
        started_at = self._clock()
        opened = await self._open(request)
        parts = PartitionedWriter(self._datasets, keys)
        try:
            manifest = await self._write_parts(request, opened, parts)
            if self._clock() - started_at > MAX_DURATION:
                raise ExportInvalidated("The export took more than 12 hours. Run it again.")
            is_invalidated = await self._is_invalidated(manifest)
        except BaseException:
            parts.abort()
            raise
        if is_invalidated:
            parts.abort()
            return None
        # After an error it is unknown whether the manifest was written, so the objects stay.
        content = manifest.model_dump_json(indent=2).encode()
        if not self._datasets.create_if_absent(keys.manifest, content, "application/json"):
            parts.abort()
            return await self._existing_dataset(keys)
        if not await self._record_unless_invalidated(manifest, keys.manifest):
            return None
        self._log(manifest)
        return self._exported_dataset(manifest, keys.manifest)

    async def _open(self, request: ExportRequest) -> OpenedExport:
        max_rows = self._options.max_rows
        series = self._options.recorded_series(request)
        opened = await self._source.open_export(series, request.since_last, max_rows)
        if opened.rows > max_rows:
            raise ExportTooLarge(
                f"The window has more than {max_rows:,} rows. Export fewer with since_last, run "
                "`prompt-capture export`, which has no time limit, or raise EXPORT_MAX_ROWS."
            )
        return opened

    async def _write_parts(
        self, request: ExportRequest, opened: OpenedExport, parts: PartitionedWriter
    ) -> Manifest:
        """Write every object but the manifest, and return the manifest."""
        kind, now = request.kind, self._clock()
        audits = await self._source.read_audit_results(request.threshold)
        window = opened.window.model_copy(update={"audits_end": audits.complete_before})
        precisions = tier_precisions(audits.results, request.model_versions)
        admitted_tiers, excluded_tiers = kind.admit_tiers(precisions, request.floor)
        criteria = request.criteria(now, admitted_tiers, audits.complete_before)
        selection = LineSelection(self._source, request, window, criteria, self._report)
        writer = create_line_writer(self._source, request, parts, precisions)
        async with aclosing(selection.pages()) as pages:
            async for candidates, tombstones in pages:
                await writer.write(candidates)
                writer.write_tombstones(tombstones)
        await writer.finish()
        erased_rows = await writer.write_erased_tombstones(window)
        return Manifest.model_validate(
            {
                "normal_form": NORMAL_FORM_VERSION,
                "request": request,
                "series": request.series,
                "window": window,
                "opened_at": opened.opened_at,
                "exported_at": now,
                "confidence_threshold": request.threshold,
                "since": request.since(now),
                "id_type": f"salted_{kind.id_type}" if request.anonymize else kind.id_type,
                "bucket": self._datasets.bucket,
                "objects": parts.close(kind.splits),
                "audits_complete_before": audits.complete_before,
                "counts": writer.counts,
                "tiers": precisions,
                "excluded_tiers": excluded_tiers,
                "excluded": selection.excluded + writer.excluded,
                "erased_rows": erased_rows,
                "warnings": (
                    *kind.warnings(writer.counts, precisions),
                    *request.warnings(writer.counts),
                ),
            }
        )

    async def _is_invalidated(self, manifest: Manifest) -> bool:
        keys = [part.key for part in manifest.objects]
        return await self._source.has_erasures_since(manifest.bucket, keys, manifest.opened_at)

    async def _record_unless_invalidated(self, manifest: Manifest, key: str) -> bool:
        """Record a dataset whose manifest exists. Discard it if a user in it was erased.

        The check follows the write of the manifest: an earlier erasure did not find the dataset.
        """
        if await self._is_invalidated(manifest):
            self._datasets.discard(key)
            for part in manifest.objects:
                self._datasets.discard(part.key)
            return False
        series = self._options.recorded_series(manifest.request)
        await self._source.record_dataset(
            series, manifest.bucket, key, manifest.window, manifest.counts.lines
        )
        return True

    def _exported_dataset(
        self, manifest: Manifest, key: str, is_repeat: bool = False
    ) -> ExportedDataset:
        url = self._datasets.url(manifest.objects[0].key)
        return manifest.to_exported_dataset(key, url, is_repeat)

    def _log(self, manifest: Manifest) -> None:
        fields = {"mode": manifest.request.mode, "rows": manifest.counts.lines}
        logger.info("Exported a dataset.", extra=fields)
        if manifest.counts.lines < self._options.min_lines:
            logger.warning("The dataset has fewer lines than EXPORT_MIN_LINES.", extra=fields)
