"""The export of datasets."""

from collections.abc import Callable
from pathlib import Path

from prompt_capture.bootstrap.datasets import dataset_store, export_settings, export_source
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from prompt_capture.workflows.exports.export import ExportDataset, ExportOptions
from prompt_capture.workflows.exports.pending_cleaning import CleanBeforeExport, CleanPendingObjects


def clean_before_export() -> CleanBeforeExport:
    """Wire the cleaning of the export's own bucket. Raise `InvalidSettings`."""
    from prompt_capture.adapters.aws.metrics import EmfMetrics

    own = dataset_store(export_settings().export_bucket)

    def store_for(bucket: str) -> DatasetStore:
        if bucket != own.bucket:
            raise DatasetsUnavailable("The export cannot reach the bucket.")
        return own

    ledger = export_source()
    clean_pending = CleanPendingObjects(ledger, CleanDatasets(ledger, store_for))
    return CleanBeforeExport(clean_pending, EmfMetrics("export").record_counts)


def export_dataset(report: Callable[[int], None] | None = None) -> ExportDataset:
    """Wire the export to S3. Raise `InvalidSettings`."""
    source, settings = export_source(), export_settings()
    options = ExportOptions(
        settings.export_prefix,
        settings.export_retained_prefix,
        settings.export_max_rows,
        settings.export_min_lines,
    )
    datasets = dataset_store(settings.export_bucket)
    return ExportDataset(source, datasets, options, report=report)


def export_to_folder(folder: Path, report: Callable[[int], None] | None = None) -> ExportDataset:
    """Wire the export to a local folder. Raise `InvalidSettings`."""
    from prompt_capture.adapters.local_datasets import LocalDatasetStore

    options = ExportOptions(anonymizes_by_default=True, place="folder")
    return ExportDataset(export_source(), LocalDatasetStore(folder), options, report=report)
