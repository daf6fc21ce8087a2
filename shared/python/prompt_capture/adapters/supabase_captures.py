"""Write captured prompts, and tell a write that is repeated from one that collides."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from postgrest import AsyncPostgrestClient

from prompt_capture.adapters.postgrest_calls import ForeignKeyViolation, execute
from prompt_capture.domain.errors import CaptureConflict, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt

_CONTENT = {"id", "user_id", "prompt", "conversation_id", "message_index"}


class SupabaseCaptures:
    """One call for a prompt that is new; a second one looks at what stands in the way."""

    def __init__(self, postgrest: AsyncPostgrestClient, deadline_seconds: float) -> None:
        self._postgrest = postgrest
        self._deadline_seconds = deadline_seconds

    async def open(self) -> None:
        """Connect, by asking for nothing."""
        await self._recall([])

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if await self._insert([prompt]):
            return prompt
        found = await self._recall([prompt])
        if not found:
            raise CaptureConflict("The id stands for another message.")
        on_record = found[0] | prompt.model_dump(mode="json", include=_CONTENT)
        return CapturedPrompt.model_validate(on_record)

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        # In one order, so that two writers of the same rows wait for each other in turn.
        ordered = sorted(prompts, key=lambda prompt: prompt.id)
        inserted = await self._insert(ordered)
        others = [prompt for prompt in ordered if prompt.id not in inserted]
        if not others:
            return frozenset()
        same = {UUID(row["id"]) for row in await self._recall(others)}
        return frozenset(prompt.id for prompt in others) - same

    async def _insert(self, prompts: Sequence[CapturedPrompt]) -> set[UUID]:
        """Answer the ids that were free."""
        rows = [prompt.model_dump(mode="json") for prompt in prompts]
        request = self._postgrest.from_("nlu_prompt_logs").upsert(
            rows[0] if len(rows) == 1 else rows, on_conflict="id", ignore_duplicates=True
        )
        try:
            inserted = await self._execute(request.select("id"))
        except ForeignKeyViolation:
            raise UnknownUser("No such user.") from None
        return {UUID(row["id"]) for row in inserted}

    async def _recall(self, prompts: Sequence[CapturedPrompt]) -> list[dict[str, Any]]:
        sent: Any = [prompt.model_dump(mode="json", include=_CONTENT) for prompt in prompts]
        return await self._execute(self._postgrest.rpc("find_recorded_captures", {"sent": sent}))

    async def _execute(self, request: Any) -> list[dict[str, Any]]:
        return await execute(request, self._deadline_seconds)
