"""The store over Supabase's own table client."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx
from postgrest import (
    APIError,
    AsyncPostgrestClient,
    AsyncRequestBuilder,
    AsyncSelectRequestBuilder,
    ReturnMethod,
)

from prompt_capture.adapters.supabase_access import SupabaseAccess
from prompt_capture.domain.errors import (
    PromptLogNotFound,
    StoreUnavailable,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.intents import close_intents
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    Correction,
    FailedPrompt,
    LabelledPrompt,
    Outcome,
    ReviewablePrompt,
)

PAGE_SIZE = 1_000
"""Supabase caps every answer at 1,000 rows unless told otherwise."""

IDS_AT_ONCE = 100
"""So many ids make an address of 4 kB, which every proxy lets through."""

_FOREIGN_KEY_VIOLATION = "23503"
_REVIEW_COLUMNS = ("id", "prompt", "predicted_intent", "confidence", "created_at")

Row = TypeVar("Row", bound=ReviewablePrompt)
Query = Callable[..., AsyncSelectRequestBuilder]


class SupabasePromptStore:
    """Captured prompts in `public.nlu_prompt_logs`, through PostgREST.

    `retry_reads` lets a read be repeated after a broken connection, with a pause of a second or
    more: for exports, never for a request that somebody waits for.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str, retry_reads: bool = False) -> None:
        self._postgrest = AsyncPostgrestClient(
            rest_url, http_client=client, retry_enabled=retry_reads
        )

    async def log_prompt(self, prompt: CapturedPrompt) -> None:
        request = self._logs().upsert(
            prompt.model_dump(mode="json"),
            on_conflict="id",
            ignore_duplicates=True,
            returning=ReturnMethod.minimal,
        )
        try:
            await _execute(request)
        except _ForeignKeyViolation:
            raise UnknownUser("No such user.") from None

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> None:
        await self._update(log_id, outcome.model_dump(mode="json"))

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> None:
        changes = {
            "corrected_intent": correction.corrected_intent,
            "corrected_by": correction.corrected_by,
            "correction_notes": correction.notes,
        }
        try:
            await self._update(log_id, changes)
        except _ForeignKeyViolation:
            known = await self.known_intents()
            raise UnknownIntent(close_intents(correction.corrected_intent, known)) from None

    async def get_corrections(self, log_ids: Sequence[UUID]) -> dict[UUID, Correction | None]:
        columns = ("id", "corrected_intent", "corrected_by", "correction_notes")
        found: dict[UUID, Correction | None] = {}
        for start in range(0, len(log_ids), IDS_AT_ONCE):
            wanted = [str(log_id) for log_id in log_ids[start : start + IDS_AT_ONCE]]
            rows = await _execute(self._logs().select(*columns).in_("id", wanted))
            found |= {UUID(row["id"]): _correction(row) for row in rows}
        return found

    async def known_intents(self) -> list[str]:
        catalogue = self._postgrest.from_("intent_catalogue").select("intent")
        return [row["intent"] for row in await _execute(catalogue.is_("retired_at", "null"))]

    def get_low_confidence_prompts(
        self, threshold: float = 0.7, since: datetime | None = None
    ) -> AsyncIterator[ReviewablePrompt]:
        def query() -> AsyncSelectRequestBuilder:
            return (
                self._logs()
                .select(*_REVIEW_COLUMNS)
                .lt("confidence", threshold)
                .is_("corrected_intent", "null")
            )

        return _stream(query, ReviewablePrompt, since)

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            columns = (*_REVIEW_COLUMNS, "workflow_type", "execution_error")
            return self._logs().select(*columns).is_("was_successful", "false")

        return _stream(query, FailedPrompt, since)

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            return (
                self._logs()
                .select(*_REVIEW_COLUMNS, "corrected_intent")
                .or_(f"corrected_intent.not.is.null,confidence.gt.{threshold}")
            )

        return _stream(query, LabelledPrompt, since)

    def _logs(self) -> AsyncRequestBuilder:
        return self._postgrest.from_("nlu_prompt_logs")

    async def _update(self, log_id: UUID, changes: dict[str, Any]) -> None:
        updated = await _execute(self._logs().update(changes).eq("id", log_id).select("id"))
        if not updated:
            raise PromptLogNotFound("No captured prompt has this id.")


class _ForeignKeyViolation(Exception):
    """A row names something that does not exist."""


def _correction(row: dict[str, Any]) -> Correction | None:
    if row["corrected_intent"] is None:
        return None
    return Correction(
        corrected_intent=row["corrected_intent"],
        corrected_by=row["corrected_by"],
        notes=row["correction_notes"],
    )


async def _execute(request: Any) -> list[Any]:
    """Run a request; a failed one's details may hold a row, so they are not passed on."""
    try:
        return list((await request.execute()).data)
    except APIError as error:
        if error.code == _FOREIGN_KEY_VIOLATION:
            raise _ForeignKeyViolation from None
        raise StoreUnavailable(f"The store refused the request (code {error.code}).") from None
    except httpx.HTTPError as error:
        raise StoreUnavailable(f"The store did not answer ({type(error).__name__}).") from None


async def _stream(query: Query, row_type: type[Row], since: datetime | None) -> AsyncIterator[Row]:
    """Page by the key (created_at, id), so that each page costs the same however deep it lies."""
    last: Row | None = None
    while True:
        request = query().order("created_at").order("id").limit(PAGE_SIZE)
        if last:
            moment = _timestamp(last.created_at)
            after = f'created_at.gt."{moment}",and(created_at.eq."{moment}",id.gt.{last.id})'
            request = request.gte("created_at", moment).or_(after)
        elif since:
            request = request.gte("created_at", _timestamp(since))
        rows = await _execute(request)
        if not rows:
            return
        for row in rows:
            last = row_type.model_validate(row)
            yield last


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def connect(access: SupabaseAccess, timeout_seconds: float) -> httpx.AsyncClient:
    """Make the one connection pool of a function.

    Idle connections are dropped after 20 s: after a freeze the other side may have closed them.
    """
    return httpx.AsyncClient(
        auth=access,
        timeout=timeout_seconds,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=20),
    )
