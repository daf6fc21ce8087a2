"""What both clients have in common: settings, errors, and the run of a workflow."""

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn, Self
from uuid import UUID

from prompt_capture.client.errors import CaptureError, is_interruption
from prompt_capture.client.responses import Classification, RecordingStatus
from prompt_capture.client.retries import Timeouts
from prompt_capture.client.service import Service
from prompt_capture.client.texts import clean_error, is_missing, strip_invisible

logger = logging.getLogger("prompt_capture.client")

DEFAULT_TIMEOUTS = Timeouts()


class BaseClient:
    """The settings of a client, and its handling of errors.

    `timeouts` bound each call. With `raise_errors`, calls raise `RequestRejected` and `NoResponse`;
    without, they never raise because of the service. Raise `TypeError` for other settings, such as
    a number of seconds: no call could use them.
    """

    def __init__(self, service: Service, timeouts: Timeouts, raise_errors: bool) -> None:
        _require(Service, service)
        _require(Timeouts, timeouts)
        self._service = service
        self._timeouts = timeouts
        self._raise_errors = raise_errors

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ, **options: Any) -> Self:
        """Create a client for the service in the environment; see `Service.from_env`."""
        return cls(Service.from_env(environment), **options)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"A {type(self).__name__} cannot be pickled or copied: it has connections and the API "
            "key. Create one in each process, for example with from_env()"
        )

    def _failed_classification(self, error: CaptureError) -> Classification:
        """Return the replacement for a missing response, or raise with `raise_errors`."""
        return Classification.without_response(
            self._handle_error(error, "A message was not classified")
        )

    def _failed_recording(self, error: CaptureError) -> RecordingStatus:
        self._handle_error(error, "An outcome or a correction was not recorded")
        return "failed"

    def _handle_error(self, error: CaptureError, summary: str) -> str:
        """Log an error and return its code, or raise it with `raise_errors`."""
        if self._raise_errors:
            raise error
        try:
            _log(summary, error)
        except Exception as failure:  # a handler of the caller's may raise an error
            if is_interruption(failure):
                raise
        return error.code


def _require(kind: type, setting: object) -> None:
    if not isinstance(setting, kind):
        raise TypeError(f"Pass a {kind.__name__}, not a {type(setting).__name__}")


def _log(summary: str, error: CaptureError) -> None:
    fields = {"code": error.code, "request_id": error.request_id}
    try:
        logger.warning("%s (%s).", summary, error.reason, extra=fields)
    except KeyError:  # the caller's own records have a field of such a name already
        logger.warning("%s (%s, request %s).", summary, error.reason, error.request_id)


LogReference = Classification | dict[str, Any] | UUID | str
"""What identifies a captured message: its `log_id`, or the answer that has it.

The answer may be the dict of its `model_dump`, as in the queue of another process.
"""


def find_log_id(reference: LogReference | None) -> UUID | str | None:
    """Return the `log_id` of a captured message, or None where nothing was captured.

    What is no reference stays as it is.
    """
    log_id: Any = reference
    if isinstance(reference, Classification):
        log_id = reference.log_id
    elif isinstance(reference, dict) and "log_id" in reference:
        log_id = reference["log_id"]
    is_blank = isinstance(log_id, str) and not strip_invisible(log_id)
    return None if is_blank or is_missing(log_id) else log_id


class WorkflowRun:
    """The run that a `workflow` block receives. It is a success unless it fails explicitly."""

    def __init__(self, classification: LogReference | None, workflow_type: str) -> None:
        self.log_id = find_log_id(classification)
        self.workflow_type = workflow_type
        self.execution_error: str | None = None
        self.was_successful = True

    @property
    def outcome(self) -> tuple[UUID | str | None, bool, str, str | None]:
        """The arguments of `record_outcome`."""
        return self.log_id, self.was_successful, self.workflow_type, self.execution_error

    def fail(self, error: str | BaseException) -> None:
        """Mark the workflow as failed without raising an exception; `error` is the reason."""
        self.was_successful = False
        self.execution_error = clean_error(error)

    def end_with(self, error: BaseException) -> None:
        """Mark the workflow as ended by an exception: as failed, unless it is a successful exit.

        Cancellation is a failure too.
        """
        kind = type(error)  # `isinstance` would also ask the exception's own code
        if issubclass(kind, SystemExit) and _is_successful(error):
            return
        self.fail(
            "Cancelled." if issubclass(kind, asyncio.CancelledError | GeneratorExit) else error
        )


def current_owner() -> object:
    """Return what a run belongs to: the current task, or the thread where no task runs."""
    with suppress(RuntimeError):
        if (task := asyncio.current_task()) is not None:
            return task
    return threading.get_ident()


class BlockRuns:
    """The runs of one block. Each entry into it is a run of its own, of a task or of a thread."""

    def __init__(self, classification: LogReference | None, workflow_type: str) -> None:
        self._arguments = classification, workflow_type
        self._runs: list[tuple[object, WorkflowRun]] = []

    def begin(self, owner: object) -> WorkflowRun:
        """Create the run of an entry."""
        run = WorkflowRun(*self._arguments)
        self._runs.append((owner, run))
        return run

    def end(self, owner: object) -> WorkflowRun:
        """Remove and return the owner's last run, or the last one where another owner ends it."""
        runs = self._runs
        entry = next((entry for entry in reversed(runs) if entry[0] == owner), runs[-1])
        runs.remove(entry)
        return entry[1]


def _is_successful(error: BaseException) -> bool:
    """Return whether an exit is successful: `sys.exit()` or `sys.exit(0)`."""
    with suppress(Exception):
        code = getattr(error, "code", None)
        return code is None or (isinstance(code, int) and code == 0)
    return False
