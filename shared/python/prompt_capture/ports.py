"""The interfaces that the workflows need. The adapters implement them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

from prompt_capture.domain.datasets.rows import (
    ErasedRow,
    ExportRow,
    OpenedExport,
    UserLine,
    Window,
)
from prompt_capture.domain.datasets.tiers import AuditResult
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    ChangeStatus,
    Correction,
    FailedPrompt,
    LabelledPrompt,
    Outcome,
    ReviewablePrompt,
)
from prompt_capture.domain.spool import DeadLetter, SpooledPrompt


class Classifier(Protocol):
    """An intent model."""

    @property
    def version(self) -> str:
        """The version that captured prompts record."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents that the model can predict."""

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per text, in order, each with `source="model"`."""

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        """Return one prediction per clause of a message that may carry several intents.

        `confidence` is the probability that the message carries this intent at all.
        """


class PromptStore(Protocol):
    """The store of captured prompts.

    Every method raises `StoreUnavailable` when the store cannot be reached. The `get_` methods
    stream in the order of capture, oldest first, from `since` (inclusive) on.
    """

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        """Write a captured prompt, and return the prompt on record.

        The call is idempotent: repeats return the first write with its prediction. Raise
        `UnknownUser` when the user does not exist, `CaptureConflict` when the id belongs to a
        different message, and `PromptRefused` when the store rejects the row.
        """

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        """Write all prompts in one call, or none. Return the ids that belong to other messages.

        Raise `UnknownUser` or `PromptRefused` when one of the prompts causes it. Then nothing was
        written.
        """

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        """Record how the workflow ended, or defer the outcome until the prompt arrives.

        The same outcome again changes nothing. Raise `PromptLogNotFound` when the prompt does not
        exist and cannot arrive any more.
        """

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Delete the deferred changes of prompts that will not arrive."""

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        """Record a reviewer's intent for the text of a prompt, or defer it.

        The correction applies to every copy of the text. A later correction replaces an earlier
        one, and the same again changes nothing. While reviewers disagree, the text is disputed and
        has no label for retraining.

        Raise `PromptLogNotFound`, and `UnknownIntent` with suggestions when the catalogue lacks
        the intent.
        """

    async def get_corrected_intents(self, log_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        """Return the corrected intent of each prompt that exists.

        None: the prompt has no corrected intent, or is disputed.
        """

    async def known_intents(self) -> list[str]:
        """Return the intents of the catalogue that a correction may use."""

    def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        """Stream the uncorrected prompts with a confidence below `threshold`."""

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        """Stream the prompts whose workflow failed."""

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        """Stream the corrected prompts, and those with a confidence above `threshold`."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        """Delete all data of a user, and refuse data of the user that arrives later."""

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        """Count the data that the store holds about a user."""


class Spool(Protocol):
    """The queue of captured prompts that the store did not take in time."""

    async def put(self, prompt: SpooledPrompt) -> None:
        """Queue a prompt for the drain. Raise `SpoolUnavailable`."""


class DeadLetters(Protocol):
    """The prompts that the drain could not store. Every method raises `SpoolUnavailable`."""

    def read(self) -> list[DeadLetter]:
        """Read all dead letters.

        No other reader sees them until they are released, or until some minutes have passed.
        """

    def release(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Make dead letters visible to other readers again."""

    def redrive(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Move dead letters back to the spool."""

    def delete(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Delete dead letters permanently."""


class ExportSource(Protocol):
    """The rows that exports read, by windows of changes, and the ledger of exported rows.

    Every method raises `StoreUnavailable` when the store cannot be reached.
    """

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        """Open a window: over everything, or over the changes since the series' last dataset.

        The content of an open window never changes. The rows are counted up to `max_rows` + 1.
        Raise `InvalidExport` where the last dataset comes from another database.
        """

    def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        """Stream pages of all rows of every text that changed in the window, text by text.

        Retained texts are included. Without a salt, rows have no sender. `labelled_only` leaves
        out rows without a label from a reviewer.
        """

    def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        """Stream pages of the exported rows that were erased in the window."""

    async def read_audit_results(self, threshold: float) -> list[AuditResult]:
        """Return how often the labels of each tier were correct in the random audit."""

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        """Register the rows of an object before it is written.

        Return the ids of rows that were deleted since they were read.
        """

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        """Return whether a user with rows in one of the objects was erased since."""

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        """Record that a dataset exists. The same call again changes nothing."""


class ErasureLedger(Protocol):
    """The ledger of which lines of exported objects belong to which user."""

    async def list_user_lines(self, user_id: UUID, bucket: str, key: str) -> list[UserLine]:
        """List the rows of a user in an object."""

    async def unregister_user_rows(self, user_id: UUID, bucket: str, key: str) -> None:
        """Record that an object no longer holds rows of a user."""


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
        """Delete an object with all of its versions. It is no error if there is none."""

    def delete_older_versions(self, key: str) -> None:
        """Delete every version of an object except the current one."""

    def url(self, key: str) -> str:
        """Return the URL or path of an object."""
