"""Record the outcome of the workflow that handled a prompt."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Outcome
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.types import MAX_ERROR_LENGTH
from prompt_capture.ports.changes import OutcomeStore

logger = logging.getLogger(__name__)


class RecordOutcome:
    """Records the latest outcome of a prompt. Repeating an outcome changes nothing."""

    def __init__(
        self,
        store: OutcomeStore,
        record_metrics: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store = store
        self._record_metrics = record_metrics

    async def __call__(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        """Record an outcome. Raise `PromptLogNotFound` or `StoreUnavailable`."""
        if outcome.execution_error:
            error = redact(outcome.execution_error)[:MAX_ERROR_LENGTH]
            outcome = outcome.model_copy(update={"execution_error": error})
        status = await self._store.update_prompt_log_outcome(log_id, outcome)
        self._record_metrics({status: 1})
        logger.info(
            "Outcome received.",
            extra={
                "log_id": str(log_id),
                "was_successful": outcome.was_successful,
                "state": status,
            },
        )
        return status
