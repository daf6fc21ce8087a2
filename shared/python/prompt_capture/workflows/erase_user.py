"""Erase a user's data, and count it again to verify the erasure."""

import logging
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DeadLetter, UnreadableMessage, parse_spooled_prompt
from prompt_capture.ports.drain import DeadLetters
from prompt_capture.ports.erasure import ErasureStore
from prompt_capture.workflows.exports.cleaning import CleanDatasets

logger = logging.getLogger(__name__)


class EraseUser:
    """Removes all data of a user, exported objects included. Running it again does no harm."""

    def __init__(
        self, store: ErasureStore, clean: CleanDatasets, dead_letters: DeadLetters | None = None
    ) -> None:
        self._store = store
        self._clean = clean
        self._dead_letters = dead_letters

    async def __call__(self, user_id: UUID) -> ErasureReceipt:
        """Erase a user and return the receipt.

        Raise `ErasureIncomplete`, `StoreUnavailable` or `SpoolUnavailable`.
        """
        receipt = await self._store.erase_user(user_id)
        counts_after = await self._store.count_user_data(user_id)
        if counts_after != UserDataCounts():
            raise ErasureIncomplete("The store still holds data of the user. Erase the user again.")
        cleaned, remaining = await self._clean(user_id, receipt.remaining_objects)
        logger.info(
            "User erased.",
            extra={"cleaned_objects": len(cleaned), "remaining_objects": len(remaining)},
        )
        update = {
            "counts_after": counts_after,
            "cleaned_objects": cleaned,
            "remaining_objects": remaining,
            "dead_letters": await self._remove_dead_letters(user_id),
        }
        return receipt.model_copy(update=update)

    async def _remove_dead_letters(self, user_id: UUID) -> int | None:
        """Delete the user's dead letters, and return their number.

        The spool's queue itself needs no search: the drain drops the prompts of an erased user.
        """
        if self._dead_letters is None:
            return None
        matching: list[DeadLetter] = []
        log_ids: list[UUID] = []
        others: list[DeadLetter] = []
        for dead_letter in self._dead_letters.read():
            prompt = _prompt(dead_letter)
            if prompt and prompt.user_id == user_id:
                matching.append(dead_letter)
                log_ids.append(prompt.id)
            else:
                others.append(dead_letter)
        self._dead_letters.release(others)
        self._dead_letters.delete(matching)
        await self._store.discard_deferred_changes(log_ids)
        return len(matching)


def _prompt(dead_letter: DeadLetter) -> CapturedPrompt | None:
    try:
        return parse_spooled_prompt(dead_letter.body).prompt
    except UnreadableMessage:
        return None
