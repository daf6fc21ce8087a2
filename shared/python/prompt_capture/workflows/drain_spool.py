"""Write what was spooled, in as few calls as it takes; what cannot be written is told apart."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from prompt_capture.domain.errors import PromptRefused, StoreUnavailable, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import Fate, UnreadableMessage, read_spooled
from prompt_capture.ports import PromptStore

DONE: frozenset[Fate] = frozenset({"stored", "dropped"})
"""Messages with these fates leave the queue."""

logger = logging.getLogger(__name__)


class DrainSpool:
    """Writes a batch of messages; drained twice, or by two at once, each is stored once."""

    def __init__(
        self,
        store: PromptStore,
        tell: Callable[[Mapping[str, int], float], None] = lambda counts, took: None,
    ) -> None:
        """`tell` gets the number of messages by their fate, and the seconds the batch took."""
        self._store = store
        self._tell = tell

    async def __call__(self, bodies: Mapping[str, str]) -> dict[str, Fate]:
        """Answer what became of each message, by the name it came under."""
        started = time.perf_counter()
        fates: dict[str, Fate] = {}
        names: dict[UUID, list[str]] = {}
        prompts: dict[UUID, CapturedPrompt] = {}
        for name, body in bodies.items():
            try:
                prompt = read_spooled(body).prompt
            except UnreadableMessage:
                fates[name] = "unreadable"
                continue
            if not prompts.setdefault(prompt.id, prompt).is_copy_of(prompt):
                fates[name] = "conflict"
                continue
            names.setdefault(prompt.id, []).append(name)
        written = await self._write(list(prompts.values()))
        fates |= {name: fate for log_id, fate in written.items() for name in names[log_id]}
        await self._let_go([log_id for log_id, fate in written.items() if fate == "dropped"])
        self._tell(Counter(fates.values()), time.perf_counter() - started)
        return fates

    async def _write(self, prompts: Sequence[CapturedPrompt]) -> dict[UUID, Fate]:
        """Write all at once; where one is at fault, look for it in the halves."""
        if not prompts:
            return {}
        try:
            conflicts = await self._store.log_prompts(prompts)
        except (UnknownUser, PromptRefused) as error:
            if len(prompts) == 1:
                return {prompts[0].id: "dropped" if isinstance(error, UnknownUser) else "refused"}
            middle = len(prompts) // 2
            return await self._write(prompts[:middle]) | await self._write(prompts[middle:])
        except StoreUnavailable as error:
            logger.warning("The store did not take a batch.", extra={"reason": str(error)})
            return {prompt.id: "unavailable" for prompt in prompts}
        return {prompt.id: "conflict" if prompt.id in conflicts else "stored" for prompt in prompts}

    async def _let_go(self, log_ids: Sequence[UUID]) -> None:
        """Nothing needs to wait for prompts that were dropped; if this fails, it expires."""
        if not log_ids:
            return
        try:
            await self._store.forget_held_changes(log_ids)
        except StoreUnavailable as error:
            logger.warning("Held changes were not let go.", extra={"reason": str(error)})
