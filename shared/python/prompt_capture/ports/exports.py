"""What an export needs: the rows to read, and a place for the datasets."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol

from prompt_capture.domain.datasets.rows import (
    AuditResults,
    ErasedRow,
    ExportRow,
    OpenedExport,
    Window,
)


class ExportSource(Protocol):
    """The rows that exports read, by windows of changes, and the ledger of exported rows.

    Every method raises `StoreUnavailable` when the store cannot be reached.
    """

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        """Open a window: over everything, or over the changes since the series' last dataset.

        The changes in an open window stay the same. The caller sets its `audits_end`.
        The rows are counted up to `max_rows` + 1.
        Raise `InvalidExport` where the last dataset comes from another database.
        """

    def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        """Stream pages of all rows of every text that changed in the window, text by text.

        A text changed, too, if the cut-off of the audit moved over one of its rows and a row of it
        was drawn for the completed audit.

        Retained texts are included. Without a salt, rows have no sender. `labelled_only` leaves
        out rows without a label from a reviewer.
        """

    def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        """Stream pages of the exported rows that were erased in the window."""

    async def held_out_texts(self) -> list[str]:
        """Return the texts in the pool of disagreements. No dataset holds one of them."""

    async def read_audit_results(self, threshold: float) -> AuditResults:
        """Return the cut-off of the audit, and how often each tier's labels were correct."""

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        """Register the rows of an object before it is written.

        Return the ids of rows that it may not hold: they were deleted since they were read, or
        their text was drawn into the pool of disagreements.
        """

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        """Return whether a user with rows in one of the objects was erased since.

        Or whether a text in them was drawn into the pool of disagreements.
        """

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        """Record that a dataset exists. The same call again changes nothing."""


class DatasetStore(Protocol):
    """The storage of exported datasets.

    Every method raises `DatasetsUnavailable` when the storage cannot be reached.
    """

    @property
    def bucket(self) -> str:
        """The bucket that holds the datasets."""

    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """Open an object for writing. It appears, complete, when the block ends without an error.

        With `replaces`, the object replaces the version with this tag, and no other version. If
        the current version is another one by then, the end of the block raises `DatasetChanged`.
        """

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        """Write a small object unless it exists. Return whether this call wrote it."""

    def discard(self, key: str) -> None:
        """Revert a write: afterwards the object is empty or does not exist."""

    def version_tag(self, key: str) -> str | None:
        """Return a tag that changes whenever the object changes, or None where there is none."""

    def read(self, key: str) -> bytes | None:
        """Read a small object. Return None where there is none, and b"" if it was discarded."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO | None]:
        """Open an object for reading, or return None where there is none."""

    def delete(self, key: str) -> None:
        """Delete an object with all of its versions. It is not an error if there is none."""

    def delete_older_versions(self, key: str) -> None:
        """Delete every version of an object except the current one."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with a prefix, sorted. A prefix ends with a slash.

        The empty objects that stand for folders in consoles are no objects.
        """

    def url(self, key: str) -> str:
        """Return the URL or path of an object."""
