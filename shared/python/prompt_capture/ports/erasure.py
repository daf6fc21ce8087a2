"""What the erasure of a user needs: the store, and the ledger of exported rows."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from prompt_capture.domain.datasets.rows import UserLine
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts


class ErasureStore(Protocol):
    """The store that erases users. Every method raises `StoreUnavailable`."""

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        """Delete all data of a user, and refuse data of the user that arrives later."""

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        """Count the data that the store holds about a user."""

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Delete the deferred changes of prompts that will not arrive."""


class ErasureLedger(Protocol):
    """The ledger of exported lines and their users. Every method raises `StoreUnavailable`."""

    async def list_user_lines(self, user_id: UUID, bucket: str, key: str) -> list[UserLine]:
        """List the rows of a user in an object."""

    async def unregister_user_rows(self, user_id: UUID, bucket: str, key: str) -> None:
        """Record that an object no longer holds rows of a user."""
