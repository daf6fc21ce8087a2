"""Write spooled prompts to the store in batches. A faulty message does not block the others."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from prompt_capture.domain.errors import PromptRefused, StoreUnavailable, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DrainResult, UnreadableMessage, parse_spooled_prompt
from prompt_capture.ports.drain import DrainStore

FINAL_RESULTS: frozenset[DrainResult] = frozenset({"stored", "rekeyed", "dropped"})
"""Messages with these results leave the queue. All others are delivered again."""

_WriteResult = DrainResult | Literal["conflict"]

logger = logging.getLogger(__name__)


class DrainSpool:
    """Writes a batch of messages. A message that is drained several times is stored once."""

    def __init__(
        self,
        store: DrainStore,
        record_metrics: Callable[[Mapping[str, int], float], None] = lambda counts, seconds: None,
    ) -> None:
        """Wire the drain.

        `record_metrics` receives the number of messages by result, and the duration of the batch in
        seconds.
        """
        self._store = store
        self._record_metrics = record_metrics

    async def __call__(self, bodies: Mapping[str, str]) -> dict[str, DrainResult]:
        """Write the messages, and return the result of each, by message id."""
        started_at = time.perf_counter()
        results: dict[str, DrainResult] = {}
        prompts: dict[str, CapturedPrompt] = {}
        for message_id, body in bodies.items():
            try:
                prompts[message_id] = parse_spooled_prompt(body).prompt
            except UnreadableMessage:
                results[message_id] = "unreadable"
        results |= await self._write_distinct(prompts)
        dropped = [prompts[key].id for key, result in results.items() if result == "dropped"]
        await self._discard_deferred_changes(dropped)
        self._record_metrics(Counter(results.values()), time.perf_counter() - started_at)
        return results

    async def _write_distinct(
        self, prompts: Mapping[str, CapturedPrompt]
    ) -> dict[str, DrainResult]:
        """Write each prompt once. Rekey a prompt whose id belongs to a different message."""
        first_by_id: dict[UUID, CapturedPrompt] = {}
        for prompt in prompts.values():
            first_by_id.setdefault(prompt.id, prompt)
        written = await self._write(list(first_by_id.values()))
        results: dict[str, DrainResult] = {}
        conflicting: dict[str, CapturedPrompt] = {}
        for message_id, prompt in prompts.items():
            result = written[prompt.id]
            is_first = first_by_id[prompt.id].is_copy_of(prompt)
            if result == "conflict" or (result == "stored" and not is_first):
                conflicting[message_id] = prompt.rekeyed()
            else:
                results[message_id] = result if is_first else "unavailable"
        return results | await self._write_rekeyed(conflicting)

    async def _write_rekeyed(self, prompts: Mapping[str, CapturedPrompt]) -> dict[str, DrainResult]:
        written = await self._write(list({one.id: one for one in prompts.values()}.values()))
        results: dict[str, DrainResult] = {}
        for message_id, prompt in prompts.items():
            result = written[prompt.id]
            if result == "stored":
                results[message_id] = "rekeyed"
            else:
                results[message_id] = "refused" if result == "conflict" else result
            logger.warning(
                "The id of a spooled prompt belongs to a different message.",
                extra={"new_log_id": str(prompt.id), "result": results[message_id]},
            )
        return results

    async def _write(self, prompts: Sequence[CapturedPrompt]) -> dict[UUID, _WriteResult]:
        """Write all prompts in one call. Bisect the batch where the store rejects one of them."""
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
            logger.warning("The write of a batch failed.", extra={"reason": str(error)})
            return {prompt.id: "unavailable" for prompt in prompts}
        return {prompt.id: "conflict" if prompt.id in conflicts else "stored" for prompt in prompts}

    async def _discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        """Discard the changes that wait for dropped prompts. If this fails, they expire."""
        if not log_ids:
            return
        try:
            await self._store.discard_deferred_changes(log_ids)
        except StoreUnavailable as error:
            logger.warning(
                "Deferred changes of dropped prompts were not discarded.",
                extra={"reason": str(error)},
            )
