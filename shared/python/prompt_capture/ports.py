"""What the workflows need from the world, as protocols that the adapters meet."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, Traces
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

    async def forget_held_changes(self, log_ids: Sequence[UUID]) -> None:
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

    async def note_export(self, bucket: str, key: str, log_ids: Sequence[UUID]) -> None:
        """Keep in mind which prompts an exported object holds; at most 1,000 a call."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        """Remove all that is kept of a user, now and for what may still arrive."""

    async def traces_of_user(self, user_id: UUID) -> Traces:
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


class DatasetStore(Protocol):
    """Where exported datasets are put."""

    @property
    def bucket(self) -> str:
        """The bucket that holds them."""

    def create(self, key: str, content_type: str) -> AbstractContextManager[BinaryIO]:
        """Open an object for writing; it appears, whole, only when the block ends well."""

    def url(self, key: str) -> str:
        """Name an object so that a person or a tool can find it."""
