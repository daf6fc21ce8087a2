"""Erase a person, and read again to be sure of it."""

import logging
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DeadLetter, UnreadableMessage, read_spooled
from prompt_capture.ports import DeadLetters, PromptStore
from prompt_capture.workflows.datasets.clean import CleanDatasets

logger = logging.getLogger(__name__)


class EraseUser:
    """Remove all that is kept of a user, exported objects included; twice does no harm."""

    def __init__(
        self, store: PromptStore, clean: CleanDatasets, letters: DeadLetters | None = None
    ) -> None:
        self._store = store
        self._clean = clean
        self._letters = letters

    async def __call__(self, user_id: UUID) -> ErasureReceipt:
        """Answer the receipt.

        Raises `ErasureIncomplete`, `StoreUnavailable` and `SpoolUnavailable`.
        """
        receipt = await self._store.erase_user(user_id)
        found = await self._store.count_user_data(user_id)
        if found != UserDataCounts():
            raise ErasureIncomplete("Something of the user is still there: erase them again.")
        cleaned, exports = await self._clean(user_id, receipt.exports)
        logger.info("A user was erased.", extra={"objects": len(cleaned), "left": len(exports)})
        update = {
            "left": found,
            "cleaned": cleaned,
            "exports": exports,
            "dead_letters": await self._remove_dead_letters(user_id),
        }
        return receipt.model_copy(update=update)

    async def _remove_dead_letters(self, user_id: UUID) -> int | None:
        """What is in the queue itself, the drain drops: nothing is captured for them again."""
        if self._letters is None:
            return None
        theirs: list[DeadLetter] = []
        log_ids: list[UUID] = []
        others: list[DeadLetter] = []
        for letter in self._letters.read():
            prompt = _prompt(letter)
            if prompt and prompt.user_id == user_id:
                theirs.append(letter)
                log_ids.append(prompt.id)
            else:
                others.append(letter)
        self._letters.put_back(others)
        self._letters.delete(theirs)
        await self._store.discard_deferred_changes(log_ids)
        return len(theirs)


def _prompt(letter: DeadLetter) -> CapturedPrompt | None:
    try:
        return read_spooled(letter.body).prompt
    except UnreadableMessage:
        return None
