"""What a reviewer or an operator decides in the console."""

import logging
from collections.abc import Mapping
from typing import Any

from prompt_capture.domain.changes import (
    Decision,
    ReviewedItem,
    find_unknown_intent,
    match_decision,
)
from prompt_capture.domain.errors import NotPermitted, UnknownIntent
from prompt_capture.domain.long_texts import redact_and_shorten
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.ports.console import ConsoleStore, ModelDecisions

logger = logging.getLogger(__name__)


class DecideOnItem:
    """Records the decisions of reviewers, with the same trace as corrections through the API."""

    def __init__(self, store: ConsoleStore) -> None:
        self._store = store

    async def __call__(
        self, token: str, item: ReviewedItem, decision: Decision, notes: str | None
    ) -> Mapping[str, Any]:
        """Record a decision. The notes are redacted as prompts are, and can have any length.

        An intent that differs from one of the catalogue only in case is that intent.
        Raise `NotPermitted`, `UnknownIntent`, `RepeatedIntent` or `StoreUnavailable`.
        """
        redacted = notes and redact_and_shorten(notes, MAX_NOTE_LENGTH)
        try:
            result = await self._store.decide(token, item, decision, redacted)
        except UnknownIntent as error:
            known = await self._store.known_intents(token)
            meant = match_decision(decision, known)
            if meant == decision:
                raise find_unknown_intent(decision, known) or error from None
            result = await self._store.decide(token, item, meant, redacted)
        logger.info("Decision received.", extra={"item": item.number, "state": result["state"]})
        return result


class DecideOnModel:
    """Passes the decisions of operators on to the function that manages models.

    That function believes the role in the token, so the role is looked up first: whoever is no
    operator any more decides nothing here, and sees nothing of the split.

    Every method may raise `NotPermitted` or `StoreUnavailable`.
    """

    def __init__(self, store: ConsoleStore, models: ModelDecisions) -> None:
        self._store, self._models = store, models

    async def __call__(self, token: str, decision: str, body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the function's response."""
        await self._require_operator(token)
        return await self._models.send(token, decision, body)

    async def split(self, token: str) -> tuple[int, bytes]:
        """Return the status and the body of the function's response about the latest split."""
        await self._require_operator(token)
        return await self._models.split(token)

    async def _require_operator(self, token: str) -> None:
        if await self._store.role(token) != "operator":
            raise NotPermitted("Only operators decide which model serves.")
