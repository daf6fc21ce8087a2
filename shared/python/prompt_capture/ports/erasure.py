"""What the erasure of a user needs: the store, and the ledger of exported rows."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from prompt_capture.domain.datasets.rows import ErasedLines, SenderOfPage
from prompt_capture.domain.erasures import ExportedObject, FinishedErasure, UserDataCounts


class ErasureStore(Protocol):
    """The store that erases users. Every method raises `StoreUnavailable`."""

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        """Take the next step of an erasure: the first one, or the one after the last.

        Return how many items the step removed, or the end of the erasure. From the first step on,
        the store refuses data of the user that arrives later. A step can be repeated.
        """

    async def list_unfinished_erasures(self) -> list[UUID]:
        """List the users whose erasure was interrupted, or is under way."""

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        """Count the data that the store holds about a user."""

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Delete the deferred changes of prompts that will not arrive."""


class ErasureLedger(Protocol):
    """The ledger of exported lines and their users. Every method raises `StoreUnavailable`."""

    async def list_uncleaned_objects(self) -> list[ExportedObject]:
        """List the objects that hold rows of erased users."""

    async def list_erased_lines(self, exported: ExportedObject) -> ErasedLines:
        """List the lines of erased users in an object."""

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the text of each prompt that exists."""

    async def unregister_senders(
        self, exported: ExportedObject, senders: Sequence[SenderOfPage]
    ) -> None:
        """Record that an object no longer holds rows of these users."""
