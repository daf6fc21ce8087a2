"""The prompt store in Supabase: captures, changes, reviews, reading and erasure."""

import logging
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import httpx
from postgrest import AsyncRequestBuilder, AsyncSelectRequestBuilder
from pydantic import ValidationError

from prompt_capture.adapters.supabase.postgrest import (
    FOREIGN_KEY_VIOLATION,
    MAX_IDS_PER_REQUEST,
    PostgrestAdapter,
    Row,
)
from prompt_capture.domain.changes import (
    ChangeStatus,
    Correction,
    Decision,
    Outcome,
    ReviewStatus,
    find_unknown_intent,
)
from prompt_capture.domain.erasures import FinishedErasure, UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    ReviewerErased,
    StoreUnavailable,
    TooManyDeferred,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.predictions import PredictedIntents
from prompt_capture.domain.prompts import (
    CapturedPrompt,
    FailedPrompt,
    LabelledPrompt,
    ReviewablePrompt,
)

DEFAULT_DEADLINE_SECONDS = 1.0

PAGE_SIZE = 1_000
"""Supabase's default limit for the rows of a response."""

_REVIEWER_ERASED, _TOO_MANY_DEFERRED = "PT403", "PT429"
"""The database's own error codes for corrections."""

logger = logging.getLogger(__name__)

_CONTENT_FIELDS = {"id", "user_id", "prompt", "conversation_id", "message_index"}
_DECISION_COLUMNS = ("corrected_intent", "corrected_secondary_intents")
_REVIEW_COLUMNS = ("id", "prompt", "predicted_intent", "confidence", "created_at")

PromptView = TypeVar("PromptView", bound=ReviewablePrompt)


class SupabasePromptStore:
    """Captured prompts in `public.nlu_prompt_logs`.

    The client's read timeout is the deadline of each request as a whole.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        deadline_seconds = client.timeout.read or DEFAULT_DEADLINE_SECONDS
        self._postgrest = PostgrestAdapter(client, rest_url, deadline_seconds)

    async def connect(self) -> None:
        """Open the connection and authenticate, without a write. A failure is only logged."""
        try:
            await self._find_recorded([])
        except StoreUnavailable as error:
            logger.warning("The store is not reachable yet.", extra={"reason": str(error)})

    async def log_prompt(self, prompt: CapturedPrompt) -> CapturedPrompt:
        """Write a prompt with one request. Read the row in a second one where the id is taken."""
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
        request = self._logs().upsert(
            rows[0] if len(rows) == 1 else rows, on_conflict="id", ignore_duplicates=True
        )
        unknown_user = UnknownUser("The user does not exist.")
        inserted = await self._postgrest.rows(
            request.select("id"), {FOREIGN_KEY_VIOLATION: unknown_user}
        )
        return {UUID(row["id"]) for row in inserted}

    async def _find_recorded(self, prompts: Sequence[CapturedPrompt]) -> list[Row]:
        """Return the recorded predictions of those prompts that are on record unchanged."""
        sent = [prompt.model_dump(mode="json", include=_CONTENT_FIELDS) for prompt in prompts]
        return await self._postgrest.call_for_rows("find_recorded_captures", {"sent": sent})

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        arguments = {"log_id": str(log_id), **outcome.model_dump(mode="json")}
        return _change_status(await self._postgrest.call_for_rows("record_outcome", arguments))

    async def discard_deferred_changes(self, log_ids: Sequence[UUID]) -> None:
        ids = [str(log_id) for log_id in log_ids]
        await self._postgrest.call("discard_deferred_changes", {"log_ids": ids})

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        fields = {"channel": correction.channel}
        return _change_status(await self._correct("record_correction", log_id, correction, fields))

    async def record_review(
        self,
        log_id: UUID,
        correction: Correction,
        seen: Decision | None,
        seen_correction: int | None = None,
    ) -> ReviewStatus:
        fields = {
            "seen_intent": seen and seen.intent,
            "seen_secondary_intents": seen and seen.secondary_intents,
            "seen_event": seen_correction,
        }
        (row,) = await self._correct("record_review", log_id, correction, fields)
        status: ReviewStatus = row["state"]
        return status

    async def find_latest_correction(self) -> int:
        number: int = await self._postgrest.call("find_latest_correction", {})
        return number

    async def _correct(
        self, function: str, log_id: UUID, correction: Correction, fields: Mapping[str, object]
    ) -> list[Row]:
        """Call a function of the database that records a correction."""
        arguments = {
            "log_id": str(log_id),
            "to_intent": correction.corrected_intent,
            "to_secondary_intents": correction.corrected_secondary_intents,
            "reviewer": correction.corrected_by,
            "notes": correction.notes,
            **fields,
        }
        errors = {
            FOREIGN_KEY_VIOLATION: UnknownIntent([]),
            _REVIEWER_ERASED: ReviewerErased("The account of this reviewer was erased."),
            _TOO_MANY_DEFERRED: TooManyDeferred("Too many corrections wait for their prompts."),
        }
        try:
            return await self._postgrest.call_for_rows(function, arguments, errors)
        except UnknownIntent:
            known = await self.known_intents()
            raise find_unknown_intent(correction.decision, known) or UnknownIntent([]) from None

    async def get_decisions(self, log_ids: Sequence[UUID]) -> dict[UUID, Decision | None]:
        rows = await self._postgrest.rows_by_id("labelled_prompts", log_ids, _DECISION_COLUMNS)
        return {log_id: _decision(row) for log_id, row in rows.items()}

    async def find_votes(self, log_ids: Sequence[UUID], reviewer: str) -> dict[UUID, str]:
        texts = await self._postgrest.rows_by_id("nlu_prompt_logs", log_ids, ["text_key"])
        keys = sorted({row["text_key"] for row in texts.values()})
        name = unicodedata.normalize("NFC", reviewer.strip().lower())  # as in `private.fold_name`
        votes: dict[str, str] = {}
        for start in range(0, len(keys), MAX_IDS_PER_REQUEST):
            selected = self._postgrest.table("reviewer_votes").select("text_key", "intent")
            query = selected.in_("text_key", keys[start : start + MAX_IDS_PER_REQUEST])
            rows = await self._postgrest.rows(query.eq("reviewer", name))
            votes |= {row["text_key"]: row["intent"] for row in rows}
        return {
            log_id: votes[row["text_key"]]
            for log_id, row in texts.items()
            if row["text_key"] in votes
        }

    async def get_texts(self, log_ids: Sequence[UUID]) -> dict[UUID, str]:
        rows = await self._postgrest.rows_by_id("labelled_prompts", log_ids, ["prompt"])
        return {log_id: row["prompt"] for log_id, row in rows.items()}

    async def get_predictions(self, log_ids: Sequence[UUID]) -> dict[UUID, PredictedIntents]:
        columns = ["predicted_intent", "secondary_intents"]
        rows = await self._postgrest.rows_by_id("nlu_prompt_logs", log_ids, columns)
        return {log_id: _predicted_intents(row) for log_id, row in rows.items()}

    async def known_intents(self) -> list[str]:
        return await self._postgrest.active_intents()

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

        return self._stream(query, ReviewablePrompt, since)

    def get_failed_workflow_prompts(
        self, since: datetime | None = None
    ) -> AsyncIterator[FailedPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            columns = (*_REVIEW_COLUMNS, "workflow_type", "execution_error")
            return self._logs().select(*columns).is_("was_successful", "false")

        return self._stream(query, FailedPrompt, since)

    def get_prompts_for_retraining(
        self, threshold: float = 0.85, since: datetime | None = None
    ) -> AsyncIterator[LabelledPrompt]:
        def query() -> AsyncSelectRequestBuilder:
            return (
                self._exportable()
                .select(*_REVIEW_COLUMNS, *_DECISION_COLUMNS)
                .or_(f"corrected_intent.not.is.null,confidence.gt.{threshold}")
            )

        return self._stream(query, LabelledPrompt, since)

    async def _stream(
        self,
        query: Callable[[], AsyncSelectRequestBuilder],
        row_type: type[PromptView],
        since: datetime | None,
    ) -> AsyncIterator[PromptView]:
        """Stream rows page by page.

        Keyset pagination over (created_at, id) makes every page cost the same.
        """
        last: PromptView | None = None
        while True:
            request = query().order("created_at").order("id").limit(PAGE_SIZE)
            if last:
                moment = _timestamp(last.created_at)
                after = f'created_at.gt."{moment}",and(created_at.eq."{moment}",id.gt.{last.id})'
                request = request.gte("created_at", moment).or_(after)
            elif since:
                request = request.gte("created_at", _timestamp(since))
            rows = await self._postgrest.rows(request)
            if not rows:
                return
            for row in rows:
                last = _parse(row, row_type)
                yield last

    async def continue_erasure(self, user_id: UUID) -> int | FinishedErasure:
        (row,) = await self._postgrest.call_for_rows("continue_erasure", {"user_id": str(user_id)})
        if not row.pop("finished"):
            erased: int = row["erased"]
            return erased
        return FinishedErasure.model_validate(row)

    async def list_unfinished_erasures(self) -> list[UUID]:
        return list(map(UUID, await self._postgrest.call("list_unfinished_erasures", {})))

    async def count_user_data(self, user_id: UUID) -> UserDataCounts:
        (row,) = await self._postgrest.call_for_rows("count_user_data", {"user_id": str(user_id)})
        return UserDataCounts.model_validate(row)

    def _logs(self) -> AsyncRequestBuilder:
        return self._postgrest.table("nlu_prompt_logs")

    def _exportable(self) -> AsyncRequestBuilder:
        return self._postgrest.table("exportable_prompts")


def _predicted_intents(row: Row) -> PredictedIntents:
    """Return the intents of a row. In rows of the first version, secondary ones have any form."""
    secondary = row["secondary_intents"]
    entries = secondary if isinstance(secondary, list) else []
    names = (each.get("intent") for each in entries if isinstance(each, dict))
    return PredictedIntents(
        row["predicted_intent"], tuple(name for name in names if isinstance(name, str))
    )


def _change_status(rows: list[Row]) -> ChangeStatus:
    state = rows[0]["state"]
    if state == "absent":
        raise PromptLogNotFound("No captured prompt has this id, and none with it can arrive.")
    return "pending" if state == "pending" else "recorded"


def _decision(row: Row) -> Decision | None:
    secondary = row["corrected_secondary_intents"]
    if row["corrected_intent"] is None:
        return None
    return Decision(row["corrected_intent"], None if secondary is None else tuple(secondary))


def _parse(row: Row, row_type: type[PromptView]) -> PromptView:
    try:
        return row_type.model_validate(row)
    except ValidationError as error:
        columns = ", ".join(str(detail["loc"][0]) for detail in error.errors(include_input=False))
        raise StoreUnavailable(f"Row {row.get('id')} has invalid columns: {columns}.") from None


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
