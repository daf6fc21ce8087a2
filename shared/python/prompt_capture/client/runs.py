"""A workflow at work, and how it ended."""

from asyncio import CancelledError
from uuid import UUID

from prompt_capture.client.answers import Classification

_LONGEST_ERROR = 8_000


class WorkflowRun:
    """What the block of a `workflow` gets; it is a success unless something says otherwise."""

    def __init__(self, captured: Classification | UUID | None, workflow_type: str) -> None:
        self.log_id = captured.log_id if isinstance(captured, Classification) else captured
        self.workflow_type = workflow_type
        self.execution_error: str | None = None
        self.was_successful = True

    @property
    def outcome(self) -> tuple[UUID | None, bool, str, str | None]:
        """The arguments of `record_outcome`."""
        return self.log_id, self.was_successful, self.workflow_type, self.execution_error

    def fail(self, error: str) -> None:
        """Say that the workflow failed, and why, where no exception says so."""
        self.was_successful = False
        self.execution_error = error.replace("\0", "")[:_LONGEST_ERROR] or None

    def ended_by(self, error: BaseException) -> None:
        """Take an exception for the reason; being stopped from outside is a failure too."""
        if isinstance(error, CancelledError | GeneratorExit):
            self.fail("Cancelled.")
        else:
            text = str(error)
            self.fail(f"{type(error).__name__}: {text}" if text else type(error).__name__)
