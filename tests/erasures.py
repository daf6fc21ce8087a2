"""The erasure of a user in the store alone, as a test needs it."""

from uuid import UUID

from prompt_capture.domain.erasures import FinishedErasure
from prompt_capture.ports.erasure import ErasureStore


async def erase_in_store(store: ErasureStore, user_id: UUID) -> FinishedErasure:
    """Take every step of an erasure. Exported objects stay as they are."""
    while True:
        step = await store.continue_erasure(user_id)
        if isinstance(step, FinishedErasure):
            return step
