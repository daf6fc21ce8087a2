"""Record the intent that a reviewer assigns to a prompt."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Correction
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.ports.changes import CorrectionStore

logger = logging.getLogger(__name__)


class Correct:
    """Records the latest correction of a prompt. The notes are redacted as prompts are."""

    def __init__(
        self,
        store: CorrectionStore,
        record_metrics: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store = store
        self._record_metrics = record_metrics

    async def __call__(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        """Record a correction.

        Raise `PromptLogNotFound`, `UnknownIntent`, `ReviewerErased`, `TooManyDeferred` or
        `StoreUnavailable`.
        """
        if correction.notes:
            notes = redact(correction.notes)[:MAX_NOTE_LENGTH]
            correction = correction.model_copy(update={"notes": notes})
        status = await self._store.add_prompt_correction(log_id, correction)
        self._record_metrics({status: 1})
        logger.info("Correction received.", extra={"log_id": str(log_id), "state": status})
        return status
