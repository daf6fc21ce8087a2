"""Record what a reviewer says a prompt meant."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from prompt_capture.domain.prompts import Correction, Recorded
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.ports import PromptStore

logger = logging.getLogger(__name__)


class Correct:
    """Keep the latest correction of a prompt, its notes redacted as prompts are."""

    def __init__(
        self,
        store: PromptStore,
        tell: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store = store
        self._tell = tell

    async def __call__(self, log_id: UUID, correction: Correction) -> Recorded:
        """Raises `PromptLogNotFound`, `UnknownIntent` and `StoreUnavailable`."""
        if correction.notes:
            notes = redact(correction.notes)[:MAX_NOTE_LENGTH]
            correction = correction.model_copy(update={"notes": notes})
        recorded = await self._store.add_prompt_correction(log_id, correction)
        self._tell({recorded: 1})
        logger.info("A correction came in.", extra={"log_id": str(log_id), "state": recorded})
        return recorded
