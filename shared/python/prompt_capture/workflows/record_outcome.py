"""Record the outcome of the workflow that handled a prompt."""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Outcome
from prompt_capture.domain.long_texts import redact_and_shorten
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

    async def __call__(
        self,
        log_id: UUID,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | None = None,
    ) -> ChangeStatus:
        """Record an outcome. The error is redacted as prompts are, and can have any length.

        Raise `PromptLogNotFound` or `StoreUnavailable`.
        """
        outcome = Outcome(
            was_successful=was_successful,
            workflow_type=workflow_type,
            execution_error=execution_error
            and redact_and_shorten(execution_error, MAX_ERROR_LENGTH),
        )
        status = await self._store.update_prompt_log_outcome(log_id, outcome)
        self._record_metrics({status: 1})
        logger.info(
            "Outcome received.",
            extra={
                "log_id": str(log_id),
                "was_successful": was_successful,
                "state": status,
            },
        )
        return status
