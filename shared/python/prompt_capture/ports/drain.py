"""What happens to spooled prompts: the drain writes them, or they become dead letters."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DeadLetter


class DrainStore(Protocol):
    """The store that takes spooled prompts. Every method raises `StoreUnavailable`."""

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        """Write all prompts in one call, or none. Return the ids that belong to other messages.

        Raise `UnknownUser` or `PromptRefused` when one of the prompts causes it: then nothing was
        written. Raise `RequestAborted` or `LockConflict` when one of them may be the cause.
        """

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Delete the deferred changes of prompts that will not arrive."""


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
