"""The prompt store in Supabase, through PostgREST."""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from postgrest import (
    AsyncPostgrestClient,
    AsyncRequestBuilder,
    AsyncSelectRequestBuilder,
)

from prompt_capture.adapters.supabase.captures import SupabaseCaptures
from prompt_capture.adapters.supabase.postgrest import ForeignKeyViolation, execute, stream
from prompt_capture.domain.erasures import ErasureReceipt, UserDataCounts
from prompt_capture.domain.errors import PromptLogNotFound, StoreUnavailable, UnknownIntent
from prompt_capture.domain.intents import suggest_intents
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    ChangeStatus,
    Correction,
    FailedPrompt,
    LabelledPrompt,
    Outcome,
    ReviewablePrompt,
)

DEFAULT_DEADLINE_SECONDS = 1.0

MAX_IDS_PER_REQUEST = 100
"""A URL with this many ids has 4 kB, which every proxy accepts."""

logger = logging.getLogger(__name__)

_REVIEW_COLUMNS = ("id", "prompt", "predicted_intent", "confidence", "created_at")


class SupabasePromptStore:
    """Captured prompts in `public.nlu_prompt_logs`, through PostgREST.

    The client's read timeout is the deadline of each call as a whole. `retry_reads` repeats a read
    after a broken connection, with a pause of at least a second. That suits exports, but not the
    requests of users.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str, retry_reads: bool = False) -> None:
        self._postgrest = AsyncPostgrestClient(
            rest_url, http_client=client, retry_enabled=retry_reads
        )
        self._deadline_seconds = client.timeout.read or DEFAULT_DEADLINE_SECONDS
        self._captures = SupabaseCaptures(self._postgrest, self._deadline_seconds)

    async def connect(self) -> None:
        """Open the connection and authenticate, without a write. A failure is only logged."""
        try:
            await self._captures.connect()
        except StoreUnavailable as error:
            logger.warning("The store is not reachable yet.", extra={"reason": str(error)})

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        return await self._captures.log_prompt(prompt)

    async def log_prompts(self, prompts: Sequence[CapturedPrompt]) -> frozenset[UUID]:
        return await self._captures.log_prompts(prompts)

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        arguments = {"log_id": str(log_id), **outcome.model_dump(mode="json")}
        return _change_status(await self._call("record_outcome", arguments))

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        await self._call(
            "discard_deferred_changes", {"log_ids": [str(log_id) for log_id in log_ids]}
        )

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        arguments = {
            "log_id": str(log_id),
            "to_intent": correction.corrected_intent,
            "reviewer": correction.corrected_by,
            "notes": correction.notes,
            "channel": correction.channel,
        }
        try:
            return _change_status(await self._call("record_correction", arguments))
        except ForeignKeyViolation:
            known = await self.known_intents()
            raise UnknownIntent(suggest_intents(correction.corrected_intent, known)) from None

    async def get_corrected_intents(self, log_ids: Sequence[UUID]) -> dict[UUID, str | None]:
        intents: dict[UUID, str | None] = {}
        for start in range(0, len(log_ids), MAX_IDS_PER_REQUEST):
            ids = [str(log_id) for log_id in log_ids[start : start + MAX_IDS_PER_REQUEST]]
            query = self._labelled().select("id", "corrected_intent").in_("id", ids)
            rows = await self._execute(query)
            intents |= {UUID(row["id"]): row["corrected_intent"] for row in rows}
        return intents

    async def known_intents(self) -> list[str]:
        catalogue = self._postgrest.from_("intent_catalogue").select("intent")
        return [row["intent"] for row in await self._execute(catalogue.is_("retired_at", "null"))]

    def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        def query() -> AsyncSelectRequestBuilder:
            return (
                self._exportable()
                .select(*_REVIEW_COLUMNS)
                .lt("confidence", threshold)
                .is_("corrected_intent", "null")
            )

        return stream(query, ReviewablePrompt, since, self._deadline_seconds)

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            columns = (*_REVIEW_COLUMNS, "workflow_type", "execution_error")
            return self._logs().select(*columns).is_("was_successful", "false")

        return stream(query, FailedPrompt, since, self._deadline_seconds)

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            return (
                self._exportable()
                .select(*_REVIEW_COLUMNS, "corrected_intent")
                .or_(f"corrected_intent.not.is.null,confidence.gt.{threshold}")
            )

        return stream(query, LabelledPrompt, since, self._deadline_seconds)

    async def erase_user(self, user_id: UUID) -> ErasureReceipt:
        (receipt,) = await self._call("erase_user", {"user_id": str(user_id)})
        return ErasureReceipt.model_validate(receipt)

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        (counts,) = await self._call("count_user_data", {"user_id": str(user_id)})
        return UserDataCounts.model_validate(counts)

    async def _execute(self, request: Any) -> list[dict[str, Any]]:
        return await execute(request, self._deadline_seconds)

    def _logs(self) -> AsyncRequestBuilder:
        return self._postgrest.from_("nlu_prompt_logs")

    def _labelled(self) -> AsyncRequestBuilder:
        return self._postgrest.from_("labelled_prompts")

    def _exportable(self) -> AsyncRequestBuilder:
        return self._postgrest.from_("exportable_prompts")

    async def _call(self, function: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        return await self._execute(self._postgrest.rpc(function, arguments))


def _change_status(rows: list[dict[str, Any]]) -> ChangeStatus:
    state = rows[0]["state"]
    if state == "absent":
        raise PromptLogNotFound("No captured prompt has this id, and none with it can arrive.")
    return "pending" if state == "pending" else "recorded"
