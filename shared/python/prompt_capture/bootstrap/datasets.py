"""Where datasets come from, and where they go."""

from pathlib import Path
from typing import TYPE_CHECKING

from prompt_capture.bootstrap.access import (
    EXPORTER_ROLE,
    PAGE_TIMEOUT_SECONDS,
    environment,
    store_client,
)
from prompt_capture.domain.buckets import is_folder
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.settings.exports import ExportSettings
from prompt_capture.settings.supabase import SupabaseSettings

if TYPE_CHECKING:
    from prompt_capture.adapters.supabase.export_source import SupabaseExports


def export_settings() -> ExportSettings:
    """Return the settings of the exports. Raise `InvalidSettings`."""
    return ExportSettings.from_env(environment())


def export_source(role: str = EXPORTER_ROLE) -> "SupabaseExports":
    """Connect to the store for exports. A page may take long, since no user waits for it.

    Raise `InvalidSettings`.
    """
    from prompt_capture.adapters.supabase.export_source import SupabaseExports

    settings = SupabaseSettings.from_env(environment())
    return SupabaseExports(store_client(settings, role, PAGE_TIMEOUT_SECONDS), settings.rest_url)


def dataset_store(bucket: str) -> DatasetStore:
    """Connect to an S3 bucket, or to a folder on this machine."""
    if is_folder(bucket):
        from prompt_capture.adapters.local_datasets import LocalDatasetStore

        return LocalDatasetStore(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore

    return S3DatasetStore(create_aws_client("s3"), bucket)
