"""What the workflows need from the world, as protocols that the adapters meet."""

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
from prompt_capture.domain.datasets.tiers import Audit
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    Correction,
    FailedPrompt,
    LabelledPrompt,
    Outcome,
    Recorded,
    ReviewablePrompt,
)
from prompt_capture.domain.spool import DeadLetter, SpooledPrompt


class Classifier(Protocol):
    """An intent model."""

    @property
    def version(self) -> str:
        """The version that captured prompts are stamped with."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents that the model can answer."""

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer one prediction per text, in order, each with `source="model"`."""

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        """Answer one prediction per clause of a message that may ask for several things.

        `confidence` is how sure it is that the message asks for this intent at all.
        """


class PromptStore(Protocol):
    """Where captured prompts live.

    Every method raises `StoreUnavailable` when the store cannot be reached.
    The `get_` methods stream pages in the order of capture, oldest first, `since` included.
    """

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        """Write a captured prompt once, however often it is sent, and answer what is on record.

        That is the first write's prediction. Raises `UnknownUser` when no such user exists,
        `CaptureConflict` when the id stands for another message, and `PromptRefused`.
        """

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        """Write many in one call, all or none; answer which ids stand for another message.

        Raises `UnknownUser` and `PromptRefused` when one of them is at fault: none was written.
        """

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> Recorded:
        """Record how the workflow ended, or hold it until the prompt, on its way, is there.

        The same outcome again changes nothing. Raises `PromptLogNotFound` when there is no such
        prompt and none can come.
        """

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Let go of what is held for prompts that will not come."""

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> Recorded:
        """Record a reviewer's intent of the prompt's text, for every copy of it, or hold it.

        The latest one stands, the same again changes nothing, and while reviewers disagree the
        text is no label for retraining.

        Raises `PromptLogNotFound`, and `UnknownIntent`, with the close ones, when the catalogue
        lacks the intent.
        """

    async def get_corrected_intents(self, log_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        """Answer the corrected intent of each prompt that there is.

        None where it has none, or where reviewers disagree.
        """

    async def known_intents(self) -> list[str]:
        """List the intents of the catalogue that a correction may name."""

    def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        """Stream the uncorrected prompts predicted with a confidence below `threshold`."""

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        """Stream the prompts whose workflow failed."""

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        """Stream the corrected prompts and those predicted with a confidence above `threshold`."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        """Remove all that is kept of a user, now and for what may still arrive."""

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        """Count what is kept of a user."""


class Spool(Protocol):
    """Where captured prompts wait while the store cannot take them."""

    async def put(self, prompt: SpooledPrompt) -> None:
        """Keep a prompt until it is drained; raises `SpoolUnavailable`."""


class DeadLetters(Protocol):
    """What could not be drained. Every method raises `SpoolUnavailable`."""

    def read(self) -> list[DeadLetter]:
        """Read all of them; nobody else can, until they are put back or some minutes have gone."""

    def put_back(self, letters: Sequence[DeadLetter]) -> None:
        """Leave some as they were."""

    def send_again(self, letters: Sequence[DeadLetter]) -> None:
        """Spool some anew."""

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        """Remove some for good."""


class ExportSource(Protocol):
    """What exports read, in windows of changes, and the ledger of what they wrote.

    Every method raises `StoreUnavailable` when the store cannot be reached.
    """

    async def open_export(self, series: str, since_last: bool, max_rows: int) -> OpenedExport:
        """Fix the window: all there is, or what changed since the series' last dataset.

        Nothing can appear in it any more. The rows are counted up to `max_rows` + 1. Raises
        `InvalidExport` where the last dataset is of another database.
        """

    def read_export(
        self, window: Window, salt: str, labelled_only: bool = False
    ) -> AsyncIterator[list[ExportRow]]:
        """Stream pages of the rows of every text that changed in the window, text by text.

        Kept texts are among them. Without a salt, senders are not told apart. `labelled_only`
        leaves out rows that nobody labelled.
        """

    def read_erased_rows(self, window: Window) -> AsyncIterator[list[ErasedRow]]:
        """Stream the exported rows that were erased in the window."""

    async def read_audit_results(self, threshold: float) -> list[Audit]:
        """Answer how often each tier was right, by the random audit."""

    async def register_rows(self, bucket: str, key: str, row_ids: Sequence[str]) -> frozenset[str]:
        """Note that an object will hold these rows; answer those that are gone meanwhile."""

    async def has_erasures_since(self, bucket: str, keys: Sequence[str], since: datetime) -> bool:
        """Answer whether somebody whose rows the objects hold was erased since."""

    async def record_dataset(
        self, series: str, bucket: str, manifest: str, window: Window, lines: int
    ) -> None:
        """Note that a dataset is there; the same again changes nothing."""


class ErasureLedger(Protocol):
    """Which lines of exported objects are about whom."""

    async def list_user_lines(self, person: UUID, bucket: str, key: str) -> list[UserLine]:
        """List a person's rows in an object."""

    async def unregister_user_rows(self, person: UUID, bucket: str, key: str) -> None:
        """Note that an object holds nothing of a person any more."""


class DatasetStore(Protocol):
    """Where exported datasets are put.

    Every method raises `DatasetsUnavailable` when it cannot be reached.
    """

    @property
    def bucket(self) -> str:
        """The bucket that holds them."""

    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """Open an object for writing; it appears, whole, only when the block ends well.

        With `replaces` it takes the place of the object in that state and of no other: if it is
        in another one by then, the block's end raises `DatasetChanged`.
        """

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        """Write a small object unless it is there already; answer whether this call wrote it."""

    def discard(self, key: str) -> None:
        """Take back what was written: the object holds nothing now, or is not there."""

    def state(self, key: str) -> str | None:
        """Answer what changes whenever the object does, or None where there is none."""

    def read(self, key: str) -> bytes | None:
        """Read a small object, or answer None where there is none; empty if it was discarded."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO | None]:
        """Open an object for reading, or answer None where there is none."""

    def delete(self, key: str) -> None:
        """Delete an object with all of its versions; none there is no error."""

    def delete_older_versions(self, key: str) -> None:
        """Delete every version of an object but the present one."""

    def url(self, key: str) -> str:
        """Name an object so that a person or a tool can find it."""
