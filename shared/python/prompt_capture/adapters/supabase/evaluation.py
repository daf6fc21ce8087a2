"""Comparisons of models through database functions, called over PostgREST."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, TypeVar
from uuid import UUID

import httpx

from prompt_capture.adapters.supabase.postgrest import PostgrestAdapter
from prompt_capture.domain.errors import ClaimLost, ModelConflict, ModelNotFound, ReviewerErased
from prompt_capture.domain.evaluation import (
    MAX_CAPTURED_TEXTS,
    CapturedText,
    Claim,
    DecidedDisagreement,
    DecidedText,
    Draw,
    DrawProgress,
    Evidence,
    NewVerdict,
    QueueScore,
    RetrainingRun,
    Tick,
    WaitingText,
)
from prompt_capture.domain.models import ModelEvent, RegistryDecision

PAGE_TEXTS = 500
"""The number of texts, or of scores, in one call. A text has up to 4,000 characters."""

_FORBIDDEN, _NOT_FOUND, _CONFLICT = "PT403", "PT404", "PT409"
"""The database's own error codes."""

Item = TypeVar("Item")

_KEY_DIGITS = 32
"""The length of a text key in hex."""


class SupabaseEvaluation:
    """Calls the functions for comparisons of models, as the role `model_registrar`.

    Implements `EvaluationStore`, `RetrainingRuns` and `QueueScores`. A call is not repeated after a
    connection error. The client's read timeout is the deadline of each call.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._postgrest = PostgrestAdapter(client, rest_url, client.timeout.read)

    async def captured_texts(
        self, days: int, seed: int = 0, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[CapturedText]]:
        """Stream pages in the order of keyed hashes, from that of the seed around to itself."""
        start = hashlib.sha256(str(seed).encode()).hexdigest()[:_KEY_DIGITS]
        remaining = max_texts
        for after_text, until_text in ((start, None), ("", start)):
            async for page in self._captured_pages(days, after_text, until_text, remaining):
                remaining -= len(page)
                yield page

    async def _captured_pages(
        self, days: int, after_text: str, until_text: str | None, max_texts: int
    ) -> AsyncIterator[list[CapturedText]]:
        while max_texts > 0:
            page_size = min(PAGE_TEXTS, max_texts)
            arguments = {
                "days": days,
                "after_text": after_text,
                "until_text": until_text,
                "page_size": page_size,
            }
            rows = await self._postgrest.call("read_captured_texts", arguments)
            if rows:
                page = [CapturedText(UUID(row[0]), *row[1:]) for row in rows]
                max_texts, after_text = max_texts - len(page), page[-1].text_id
                yield page
            if len(rows) < page_size:
                return

    async def draw_disagreements(self, draw: Draw) -> int:
        arguments = {
            "candidate": draw.candidate,
            "champion": draw.champion,
            "probability": draw.probability,
            "disagreements": [
                {**one._asdict(), "log_id": str(one.log_id)} for one in draw.disagreements
            ],
        }
        errors = {_NOT_FOUND: _not_found()}
        return int(await self._postgrest.call("draw_disagreements", arguments, errors))

    async def draw_progress(self, candidate: str, champion: str) -> DrawProgress:
        arguments = {"candidate": candidate, "champion": champion}
        return DrawProgress(**await self._postgrest.call("read_draw_progress", arguments))

    async def evidence(self, gold_text_ids: Sequence[str] = ()) -> Evidence:
        salt = token_hex(16)
        reviewers, senders = _Numbers(), _Numbers()

        def decided(
            text_id: str, text: str, intent: str, support: Mapping[str, Any]
        ) -> DecidedText:
            sender = support["sender"]
            return DecidedText(
                text_id,
                text,
                intent,
                tuple(sorted(map(reviewers.number, support["reviewers"]))),
                None if sender is None else senders.number(sender),
            )

        disagreements: list[DecidedDisagreement] = []
        after = 0
        while page := await self._decided_disagreements(after, salt):
            after = page[-1][0]
            disagreements += [
                DecidedDisagreement(decided(*row[1:5]), *row[5:])  # the first one is its number
                for row in page
            ]
        gold: list[DecidedText] = []
        for text_ids in _pages(gold_text_ids):
            arguments = {"text_ids": text_ids, "salt": salt}
            rows = await self._postgrest.call("read_decided_texts", arguments)
            gold += [decided(*row) for row in rows]
        return Evidence(tuple(disagreements), tuple(gold))

    async def _decided_disagreements(self, after: int, salt: str) -> list[list[Any]]:
        arguments = {"after_id": after, "page_size": PAGE_TEXTS, "salt": salt}
        rows: list[list[Any]] = await self._postgrest.call("read_decided_disagreements", arguments)
        return rows

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> ModelEvent:
        arguments = {
            **verdict.model_dump(mode="json"),
            "actor": decision.actor,
            "reason": decision.reason,
        }
        errors = {
            _NOT_FOUND: _not_found(),
            _FORBIDDEN: ReviewerErased("The account of this operator was erased."),
            _CONFLICT: ModelConflict("Another verdict on the model was recorded meanwhile."),
        }
        event = await self._postgrest.call("record_verdict", arguments, errors)
        return ModelEvent.model_validate(event)

    async def claim_run(self, tick: Tick, lease: timedelta) -> Claim | None:
        arguments = {"tick": tick, "lease_seconds": _seconds(lease)}
        claimed = await self._postgrest.call("claim_retraining", arguments)
        return _claim(claimed) if claimed else None

    async def save_progress(
        self, claim: Claim, progress: Mapping[str, object], lease: timedelta
    ) -> Claim:
        arguments = {
            "claim": str(claim.token),
            "progress": dict(progress),
            "lease_seconds": _seconds(lease),
        }
        errors = {_CONFLICT: _claim_lost()}
        return _claim(await self._postgrest.call("save_retraining_progress", arguments, errors))

    async def finish_run(self, claim: Claim, outcome: str) -> None:
        arguments = {"claim": str(claim.token), "outcome": outcome}
        await self._postgrest.call("finish_retraining", arguments, {_CONFLICT: _claim_lost()})

    async def latest_run(self) -> RetrainingRun | None:
        run = await self._postgrest.call("latest_retraining", {})
        return _run(run) if run else None

    async def count_new_labels(self, since: datetime | None) -> int:
        arguments = {"since": since.isoformat() if since else None}
        return int(await self._postgrest.call("count_new_labels", arguments))

    async def waiting_texts(
        self, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[WaitingText]]:
        remaining, after = max_texts, (-1, 0)
        while remaining > 0:
            rank, item = after
            page_size = min(PAGE_TEXTS, remaining)
            arguments = {"after_rank": rank, "after_id": item, "page_size": page_size}
            rows = await self._postgrest.call("read_waiting_texts", arguments)
            if not rows:
                return
            remaining -= len(rows)
            after = (rows[-1][0], rows[-1][1])
            yield [WaitingText(text_id, text) for _, _, text_id, text in rows]

    async def record_scores(self, version: str, scores: Sequence[QueueScore]) -> int:
        recorded = 0
        for page in _pages(scores):
            arguments = {"version": version, "scores": page}
            errors = {_NOT_FOUND: _not_found()}
            recorded += await self._postgrest.call("record_queue_scores", arguments, errors)
        return recorded


class _Numbers:
    """Numbers names from 0 on, in the order in which they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a name."""
        return self._numbers.setdefault(name, len(self._numbers))


def _pages(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), PAGE_TEXTS):
        yield items[start : start + PAGE_TEXTS]


def _seconds(lease: timedelta) -> int:
    return max(1, round(lease.total_seconds()))


def _claim(run: Mapping[str, Any]) -> Claim:
    return Claim(token=run["claim"], expires_at=run["expires_at"], run=_run(run))


def _run(run: Mapping[str, Any]) -> RetrainingRun:
    return RetrainingRun.model_validate({name: run[name] for name in RetrainingRun.model_fields})


def _not_found() -> ModelNotFound:
    return ModelNotFound("The registry has no model with this version. Publish it first.")


def _claim_lost() -> ClaimLost:
    return ClaimLost("Somebody else carries out this run, or it has ended.")
