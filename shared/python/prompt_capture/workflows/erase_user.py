"""Erase a person, and read again to be sure of it."""

import logging
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, Traces
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.ports import PromptStore

logger = logging.getLogger(__name__)


class EraseUser:
    """Remove all that is kept of a user; doing it twice does no harm."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store

    async def __call__(self, user_id: UUID) -> ErasureReceipt:
        """Answer the receipt; raises `ErasureIncomplete` and `StoreUnavailable`."""
        receipt = await self._store.erase_user(user_id)
        found = await self._store.traces_of_user(user_id)
        if found != Traces():
            raise ErasureIncomplete("Something of the user is still there: erase them again.")
        logger.info("A user was erased.")
        return receipt.model_copy(update={"left": found})
