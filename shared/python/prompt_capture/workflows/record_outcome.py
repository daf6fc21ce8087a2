"""Record how the workflow that answered a prompt ended."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from prompt_capture.domain.prompts import Outcome, Recorded
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.types import MAX_ERROR_LENGTH
from prompt_capture.ports import PromptStore

logger = logging.getLogger(__name__)


class RecordOutcome:
    """Keep the latest outcome of a prompt; the same one again changes nothing."""

    def __init__(
        self,
        store: PromptStore,
        tell: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store = store
        self._tell = tell

    async def __call__(self, log_id: UUID, outcome: Outcome) -> Recorded:
        """Raises `PromptLogNotFound` and `StoreUnavailable`."""
        if outcome.execution_error:
            error = redact(outcome.execution_error)[:MAX_ERROR_LENGTH]
            outcome = outcome.model_copy(update={"execution_error": error})
        recorded = await self._store.update_prompt_log_outcome(log_id, outcome)
        self._tell({recorded: 1})
        logger.info(
            "An outcome came in.",
            extra={
                "log_id": str(log_id),
                "was_successful": outcome.was_successful,
                "state": recorded,
            },
        )
        return recorded
