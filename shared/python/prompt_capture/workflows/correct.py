"""Record the intents that a reviewer assigns to a prompt."""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Correction, Decision, match_decision
from prompt_capture.domain.errors import UnknownIntent
from prompt_capture.domain.long_texts import redact_and_shorten
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.ports.changes import CorrectionStore

logger = logging.getLogger(__name__)


class CorrectionResult(NamedTuple):
    """What became of a correction, and its intents as the catalogue writes them."""

    status: ChangeStatus
    decision: Decision


class Correct:
    """Records the latest correction of a prompt."""

    def __init__(
        self,
        store: CorrectionStore,
        record_metrics: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store = store
        self._record_metrics = record_metrics

    async def __call__(
        self,
        log_id: UUID,
        decision: Decision,
        reviewer: str,
        notes: str | None = None,
    ) -> CorrectionResult:
        """Record a correction. The notes are redacted as prompts are, and can have any length.

        An intent that differs from one of the catalogue only in case is that intent.
        Raise `PromptLogNotFound`, `UnknownIntent`, `RepeatedIntent`, `ReviewerErased`,
        `TooManyDeferred` or `StoreUnavailable`.
        """
        notes = notes and redact_and_shorten(notes, MAX_NOTE_LENGTH)
        try:
            status = await self._add(log_id, decision, reviewer, notes)
        except UnknownIntent:
            meant = match_decision(decision, await self._store.known_intents())
            if meant == decision:
                raise
            decision = meant
            status = await self._add(log_id, decision, reviewer, notes)
        self._record_metrics({status: 1})
        logger.info("Correction received.", extra={"log_id": str(log_id), "state": status})
        return CorrectionResult(status, decision)

    async def _add(
        self, log_id: UUID, decision: Decision, reviewer: str, notes: str | None
    ) -> ChangeStatus:
        correction = Correction(
            corrected_intent=decision.intent,
            corrected_secondary_intents=decision.secondary_intents,
            corrected_by=reviewer,
            notes=notes,
            channel="api",
        )
        return await self._store.add_prompt_correction(log_id, correction)
