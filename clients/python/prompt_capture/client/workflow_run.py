"""A running workflow, and its outcome."""

from asyncio import CancelledError
from uuid import UUID

from prompt_capture.client.responses import Classification

_MAX_ERROR_LENGTH = 8_000


class WorkflowRun:
    """The run that a `workflow` block receives. It is a success unless it fails explicitly."""

    def __init__(self, classification: Classification | UUID | None, workflow_type: str) -> None:
        self.log_id = (
            classification.log_id if isinstance(classification, Classification) else classification
        )
        self.workflow_type = workflow_type
        self.execution_error: str | None = None
        self.was_successful = True

    @property
    def outcome(self) -> tuple[UUID | None, bool, str, str | None]:
        """The arguments of `record_outcome`."""
        return self.log_id, self.was_successful, self.workflow_type, self.execution_error

    def fail(self, error: str) -> None:
        """Mark the workflow as failed without an exception; `error` is the reason."""
        self.was_successful = False
        self.execution_error = error.replace("\0", "")[:_MAX_ERROR_LENGTH] or None

    def fail_with(self, error: BaseException) -> None:
        """Mark the workflow as failed by an exception. Cancellation is a failure too."""
        if isinstance(error, CancelledError | GeneratorExit):
            self.fail("Cancelled.")
        else:
            text = str(error)
            self.fail(f"{type(error).__name__}: {text}" if text else type(error).__name__)
