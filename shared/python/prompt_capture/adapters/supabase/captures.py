"""Write captured prompts, and distinguish a repeated write from an id conflict."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from postgrest import AsyncPostgrestClient

from prompt_capture.adapters.supabase.postgrest import ForeignKeyViolation, execute
from prompt_capture.domain.errors import CaptureConflict, UnknownUser
from prompt_capture.domain.prompts import CapturedPrompt

_CONTENT_FIELDS = {"id", "user_id", "prompt", "conversation_id", "message_index"}


class SupabaseCaptures:
    """Writes a new prompt with one request. A second one reads the row where the id is taken."""

    def __init__(self, postgrest: AsyncPostgrestClient, deadline_seconds: float) -> None:
        self._postgrest = postgrest
        self._deadline_seconds = deadline_seconds

    async def connect(self) -> None:
        """Open the connection with a request for no rows."""
        await self._find_recorded([])

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        if await self._insert([prompt]):
            return prompt
        recorded = await self._find_recorded([prompt])
        if not recorded:
            raise CaptureConflict("The id belongs to a different message.")
        on_record = recorded[0] | prompt.model_dump(mode="json", include=_CONTENT_FIELDS)
        return CapturedPrompt.model_validate(on_record)

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        # A fixed order prevents deadlocks between two writers of the same rows.
        ordered = sorted(prompts, key=lambda prompt: prompt.id)
        inserted = await self._insert(ordered)
        others = [prompt for prompt in ordered if prompt.id not in inserted]
        if not others:
            return frozenset()
        same = {UUID(row["id"]) for row in await self._find_recorded(others)}
        return frozenset(prompt.id for prompt in others) - same

    async def _insert(self, prompts: Sequence[CapturedPrompt]) -> set[UUID]:
        """Insert prompts, and return the ids that were free."""
        rows = [prompt.model_dump(mode="json") for prompt in prompts]
        request = self._postgrest.from_("nlu_prompt_logs").upsert(
            rows[0] if len(rows) == 1 else rows, on_conflict="id", ignore_duplicates=True
        )
        try:
            inserted = await self._execute(request.select("id"))
        except ForeignKeyViolation:
            raise UnknownUser("The user does not exist.") from None
        return {UUID(row["id"]) for row in inserted}

    async def _find_recorded(self, prompts: Sequence[CapturedPrompt]) -> list[dict[str, Any]]:
        """Return the recorded predictions of those prompts that are on record unchanged."""
        sent: Any = [prompt.model_dump(mode="json", include=_CONTENT_FIELDS) for prompt in prompts]
        return await self._execute(self._postgrest.rpc("find_recorded_captures", {"sent": sent}))

    async def _execute(self, request: Any) -> list[dict[str, Any]]:
        return await execute(request, self._deadline_seconds)
