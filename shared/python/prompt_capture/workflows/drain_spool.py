"""Write spooled prompts to the store in batches. A faulty message does not block the others."""

import logging
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from prompt_capture.domain.errors import (
    LockConflict,
    PromptRefused,
    RequestAborted,
    StoreUnavailable,
    UnknownUser,
)
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import DrainResult, UnreadableMessage, parse_spooled_prompt
from prompt_capture.ports.drain import DrainStore

FINAL_RESULTS: frozenset[DrainResult] = frozenset({"stored", "rekeyed", "dropped"})
"""Messages with these results leave the queue. All others are delivered again."""

_WriteResult = DrainResult | Literal["conflict"]

logger = logging.getLogger(__name__)


@dataclass
class _Budget:
    """The time in which writes may begin. It ends at once where the store cannot be reached."""

    ends_at: float
    clock: Callable[[], float]

    @property
    def is_spent(self) -> bool:
        return self.clock() >= self.ends_at

    def end(self) -> None:
        self.ends_at = -math.inf


class DrainSpool:
    """Writes a batch of messages. A message that is drained several times is stored once.

    Where one message may be why the store did not write a batch, the batch is divided, so that the
    others are written. That may take `budget_seconds`; what is left then is delivered again.
    """

    def __init__(
        self,
        store: DrainStore,
        record_metrics: Callable[[Mapping[str, int], float], None] = lambda counts, seconds: None,
        budget_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the drain.

        `record_metrics` receives the number of messages by result, and the duration of the batch in
        seconds. `clock` returns seconds.
        """
        self._store = store
        self._record_metrics = record_metrics
        self._budget_seconds = budget_seconds
        self._clock = clock

    async def __call__(self, bodies: Mapping[str, str]) -> dict[str, DrainResult]:
        """Write the messages, and return the result of each, by message id."""
        started_at = time.perf_counter()
        budget = _Budget(self._clock() + self._budget_seconds, self._clock)
        results: dict[str, DrainResult] = {}
        prompts: dict[str, CapturedPrompt] = {}
        for message_id, body in bodies.items():
            try:
                prompts[message_id] = parse_spooled_prompt(body).prompt
            except UnreadableMessage:
                results[message_id] = "unreadable"
        results |= await self._write_distinct(prompts, budget)
        dropped = [prompts[key].id for key, result in results.items() if result == "dropped"]
        await self._discard_deferred_changes(dropped)
        self._record_metrics(Counter(results.values()), time.perf_counter() - started_at)
        return results

    async def _write_distinct(
        self, prompts: Mapping[str, CapturedPrompt], budget: _Budget
    ) -> dict[str, DrainResult]:
        """Write each prompt once. Rekey a prompt whose id belongs to a different message."""
        first_by_id: dict[UUID, CapturedPrompt] = {}
        for prompt in prompts.values():
            first_by_id.setdefault(prompt.id, prompt)
        written = await self._write(list(first_by_id.values()), budget)
        results: dict[str, DrainResult] = {}
        conflicting: dict[str, CapturedPrompt] = {}
        for message_id, prompt in prompts.items():
            result = written[prompt.id]
            is_first = first_by_id[prompt.id].is_copy_of(prompt)
            if result == "conflict" or (result == "stored" and not is_first):
                conflicting[message_id] = prompt.rekeyed()
            else:
                results[message_id] = result if is_first else "unavailable"
        return results | await self._write_rekeyed(conflicting, budget)

    async def _write_rekeyed(
        self, prompts: Mapping[str, CapturedPrompt], budget: _Budget
    ) -> dict[str, DrainResult]:
        distinct = list({one.id: one for one in prompts.values()}.values())
        written = await self._write(distinct, budget)
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

    async def _write(
        self, prompts: Sequence[CapturedPrompt], budget: _Budget
    ) -> dict[UUID, _WriteResult]:
        """Write all prompts in one call, or in parts where one of them may be why it fails."""
        if not prompts:
            return {}
        if budget.is_spent:
            return dict.fromkeys((prompt.id for prompt in prompts), "unavailable")
        try:
            conflicts = await self._log_prompts(prompts)
        except (UnknownUser, PromptRefused, RequestAborted) as error:
            if len(prompts) == 1:
                return {prompts[0].id: _result_of(error)}
            written: dict[UUID, _WriteResult] = {}
            for part in _parts(prompts, error):
                written |= await self._write(part, budget)
            return written
        except StoreUnavailable as error:
            logger.warning("The write of a batch failed.", extra={"reason": str(error)})
            budget.end()
            return dict.fromkeys((prompt.id for prompt in prompts), "unavailable")
        return {prompt.id: "conflict" if prompt.id in conflicts else "stored" for prompt in prompts}

    async def _log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        """Write all prompts in one call. Call again where another transaction was in the way."""
        try:
            return await self._store.log_prompts(prompts)
        except LockConflict:
            return await self._store.log_prompts(prompts)

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


def _result_of(error: UnknownUser | PromptRefused | RequestAborted) -> DrainResult:
    """Return the result of a prompt that was written alone."""
    match error:
        case UnknownUser():
            return "dropped"
        case PromptRefused():
            return "refused"
        case _:
            logger.warning("The write of a prompt failed.", extra={"reason": str(error)})
            return "unavailable"


def _parts(
    prompts: Sequence[CapturedPrompt], error: UnknownUser | PromptRefused | RequestAborted
) -> list[Sequence[CapturedPrompt]]:
    """Divide a batch that was not written.

    The store refuses a prompt in milliseconds, so bisection finds it in the fewest calls. An
    aborted request takes seconds. After one, each prompt is written alone, so few calls take that
    long.
    These are in random order: the budget may end before the last one, and not at the same prompts
    in each delivery.
    """
    if isinstance(error, RequestAborted):
        return [[prompt] for prompt in random.sample(prompts, len(prompts))]
    middle = len(prompts) // 2
    return [prompts[:middle], prompts[middle:]]
