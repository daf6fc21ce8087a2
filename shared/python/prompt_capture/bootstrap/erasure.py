"""The erasure of users."""

from pathlib import Path

from prompt_capture.bootstrap.access import PAGE_TIMEOUT_SECONDS, SERVICE_ROLE, environment
from prompt_capture.bootstrap.datasets import dataset_store, export_source
from prompt_capture.bootstrap.dead_letters import spool_dead_letters
from prompt_capture.bootstrap.stores import service_store
from prompt_capture.domain.buckets import is_folder
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.settings.capture import CaptureSettings
from prompt_capture.workflows.erase_user import EraseUser
from prompt_capture.workflows.exports.cleaning import CleanDatasets
from prompt_capture.workflows.exports.pending_cleaning import CleanPendingObjects
from prompt_capture.workflows.pending_erasures import FinishPendingErasures


def erase_user() -> EraseUser:
    """Wire the erasure of users. Raise `InvalidSettings`."""
    store = service_store(PAGE_TIMEOUT_SECONDS)
    has_spool = CaptureSettings.from_env(environment()).spool_queue_url is not None
    dead_letters = spool_dead_letters() if has_spool else None
    clean = CleanDatasets(export_source(SERVICE_ROLE), existing_dataset_store)
    return EraseUser(store, clean, dead_letters)


def finish_pending_erasures() -> FinishPendingErasures:
    """Wire what finishes earlier erasures. Raise `InvalidSettings`."""
    store, ledger = service_store(PAGE_TIMEOUT_SECONDS), export_source(SERVICE_ROLE)
    clean_pending = CleanPendingObjects(ledger, CleanDatasets(ledger, existing_dataset_store))
    return FinishPendingErasures(store, erase_user(), clean_pending)


def existing_dataset_store(bucket: str) -> DatasetStore:
    """Connect to a bucket, or to a folder that exists.

    A folder of another machine does not: its objects must not count as deleted. Raise
    `DatasetsUnavailable`.
    """
    if is_folder(bucket) and not Path(bucket).is_dir():
        raise DatasetsUnavailable("This machine has no such folder.")
    return dataset_store(bucket)
