"""Erase a user's data step by step, and count it again to verify the erasure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar
from uuid import UUID

from prompt_capture.domain.erasures import ErasureReceipt, FinishedErasure, UserDataCounts
from prompt_capture.domain.errors import ErasureIncomplete, StoreUnavailable
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DeadLetter, UnreadableMessage, parse_spooled_prompt
from prompt_capture.ports.drain import DeadLetters
from prompt_capture.ports.erasure import ErasureStore
from prompt_capture.workflows.exports.cleaning import CleanDatasets

MAX_ATTEMPTS = 5
RETRY_PAUSE_SECONDS = 1.0
"""The pause before the second attempt of a step. Each further pause is twice as long."""

Result = TypeVar("Result")

ReportErasure = Callable[[Literal["erasing", "cleaning"], int, int], None]
"""Receives what is being done, and how much of it: items of the store, or exported objects."""

logger = logging.getLogger(__name__)


class EraseUser:
    """Removes all data of a user, exported objects included.

    Running it again does no harm, and continues an interrupted erasure.
    """

    def __init__(
        self, store: ErasureStore, clean: CleanDatasets, dead_letters: DeadLetters | None = None
    ) -> None:
        self._store = store
        self._clean = clean
        self._dead_letters = dead_letters

    async def __call__(
        self, user_id: UUID, report: ReportErasure = lambda activity, done, total: None
    ) -> ErasureReceipt:
        """Erase a user and return the receipt.

        Raise `ErasureIncomplete` or `SpoolUnavailable`.
        """
        counts_before = await _retry(lambda: self._store.count_user_data(user_id))
        total = counts_before.erasable_items
        finished = await self._erase(user_id, lambda done: report("erasing", done, total), total)
        counts_after = await _retry(lambda: self._store.count_user_data(user_id))
        if counts_after != UserDataCounts():
            raise ErasureIncomplete("The store still holds data of the user. Erase the user again.")
        dead_letters = await self._remove_dead_letters(user_id)
        cleaning = await self._clean(
            finished.remaining_objects, lambda done, total: report("cleaning", done, total)
        )
        logger.info(
            "User erased.",
            extra={
                "cleaned_objects": len(cleaning.cleaned_objects),
                "remaining_objects": len(cleaning.remaining_objects),
            },
        )
        return ErasureReceipt(
            erased_at=finished.erased_at,
            counts_before=counts_before,
            counts_after=counts_after,
            cleaned_objects=cleaning.cleaned_objects,
            remaining_objects=cleaning.remaining_objects,
            dead_letters=dead_letters,
        )

    async def _erase(
        self, user_id: UUID, report: Callable[[int], None], total: int
    ) -> FinishedErasure:
        erased = 0
        while True:
            report(min(erased, total))  # What arrives during the erasure was not counted.
            step = await _retry(lambda: self._store.continue_erasure(user_id))
            if isinstance(step, FinishedErasure):
                return step
            erased += step

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
        await _retry(lambda: self._store.discard_deferred_changes(log_ids))
        return len(matching)


async def _retry(call: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of a call that can be repeated. Raise `ErasureIncomplete`."""
    for attempt in range(MAX_ATTEMPTS - 1):
        try:
            return await call()
        except StoreUnavailable:
            await asyncio.sleep(RETRY_PAUSE_SECONDS * 2**attempt)
    try:
        return await call()
    except StoreUnavailable as error:
        raise ErasureIncomplete(
            f"{error} The erasure has not ended. Run the command again: it continues."
        ) from None


def _prompt(dead_letter: DeadLetter) -> CapturedPrompt | None:
    try:
        return parse_spooled_prompt(dead_letter.body).prompt
    except UnreadableMessage:
        return None
