"""Write what was spooled, in as few calls as it takes; what cannot be written is told apart."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from prompt_capture.domain.errors import PromptRefused, StoreUnavailable, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DrainResult, UnreadableMessage, read_spooled
from prompt_capture.ports import PromptStore

DONE: frozenset[DrainResult] = frozenset({"stored", "apart", "dropped"})
"""Messages with these fates leave the queue."""

_Written = DrainResult | Literal["taken"]

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

    async def __call__(self, bodies: Mapping[str, str]) -> dict[str, DrainResult]:
        """Answer what became of each message, by the name it came under."""
        started = time.perf_counter()
        fates: dict[str, DrainResult] = {}
        prompts: dict[str, CapturedPrompt] = {}
        for name, body in bodies.items():
            try:
                prompts[name] = read_spooled(body).prompt
            except UnreadableMessage:
                fates[name] = "unreadable"
        fates |= await self._write_copies(prompts)
        dropped = [prompts[name].id for name, fate in fates.items() if fate == "dropped"]
        await self._let_go(dropped)
        self._tell(Counter(fates.values()), time.perf_counter() - started)
        return fates

    async def _write_copies(self, prompts: Mapping[str, CapturedPrompt]) -> dict[str, DrainResult]:
        """Write each message once; one whose id stands for another, under another id."""
        firsts: dict[UUID, CapturedPrompt] = {}
        for prompt in prompts.values():
            firsts.setdefault(prompt.id, prompt)
        written = await self._write(list(firsts.values()))
        fates: dict[str, DrainResult] = {}
        collided: dict[str, CapturedPrompt] = {}
        for name, prompt in prompts.items():
            fate = written[prompt.id]
            is_first = firsts[prompt.id].is_copy_of(prompt)
            if fate == "taken" or (fate == "stored" and not is_first):
                collided[name] = prompt.apart()
            else:
                fates[name] = fate if is_first else "unavailable"
        return fates | await self._write_apart(collided)

    async def _write_apart(self, prompts: Mapping[str, CapturedPrompt]) -> dict[str, DrainResult]:
        written = await self._write(list({one.id: one for one in prompts.values()}.values()))
        fates: dict[str, DrainResult] = {}
        for name, prompt in prompts.items():
            fate = written[prompt.id]
            fates[name] = "apart" if fate == "stored" else "refused" if fate == "taken" else fate
            logger.warning(
                "A prompt's id stands for another message.",
                extra={"apart": str(prompt.id), "fate": fates[name]},
            )
        return fates

    async def _write(self, prompts: Sequence[CapturedPrompt]) -> dict[UUID, _Written]:
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
        return {prompt.id: "taken" if prompt.id in conflicts else "stored" for prompt in prompts}

    async def _let_go(self, log_ids: Sequence[UUID]) -> None:
        """Nothing needs to wait for prompts that were dropped; if this fails, it expires."""
        if not log_ids:
            return
        try:
            await self._store.discard_deferred_changes(log_ids)
        except StoreUnavailable as error:
            logger.warning("Held changes were not let go.", extra={"reason": str(error)})
