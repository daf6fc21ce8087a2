"""The synchronous client. Several threads can share one."""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar, cast
from uuid import UUID

import httpx

from prompt_capture.client.base import (
    DEFAULT_TIMEOUTS,
    BaseClient,
    BlockRuns,
    LogReference,
    WorkflowRun,
    current_owner,
    find_log_id,
)
from prompt_capture.client.connections import (
    PerProcess,
    create_http,
    create_tls,
    find_permanent_failure,
)
from prompt_capture.client.deadlines import BoundedClient
from prompt_capture.client.decorators import is_asynchronous, require_finished
from prompt_capture.client.errors import to_capture_error
from prompt_capture.client.responses import (
    Classification,
    RecordingStatus,
    ResponseBody,
    parse_classification,
    parse_recording,
)
from prompt_capture.client.retries import (
    SendStep,
    ServiceRequest,
    ServiceResponse,
    Timeouts,
    retry_steps,
)
from prompt_capture.client.service import Service

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class CaptureClient(BaseClient):
    """A pool of connections to the service. Create one, reuse it, and `close` it.

    Threads can share a client. A process that is forked from one that uses it opens connections of
    its own. `timeouts` bound all waits for the network together, except that the operating system
    bounds the resolution of a host name. A response that arrives too slowly counts as none.
    """

    def __init__(
        self,
        service: Service,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(service, timeouts, raise_errors)
        self._connections = PerProcess(lambda: create_http(BoundedClient, create_tls()))
        self._connections.get()  # raises an error now if the certificates or a proxy cannot be used

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of this process. A later call opens new ones."""
        if (http := self._connections.pop()) is not None:
            http.close()

    def classify(
        self,
        message: str,
        *,
        user_id: UUID | str | None = None,
        token: str | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Classification:
        """Classify a message, and have it captured once.

        With an API key, send the `user_id`. Without, send the user's own `token`. A backend that
        may itself repeat a message identifies it with an `idempotency_key` (at most 200 visible
        ASCII characters). `fields` can be `conversation_id`, `message_index` and `capture`.
        """
        try:
            request = self._service.classify_request(
                message, user_id=user_id, token=token, idempotency_key=idempotency_key, **fields
            )
            return parse_classification(self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_classification(failure)

    def record_outcome(
        self,
        log_id: LogReference | None,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | BaseException | None = None,
    ) -> RecordingStatus:
        """Record the outcome of the workflow that handled a message.

        `log_id` may be the answer itself. Without a `log_id`, record nothing and return `skipped`.
        """
        log_id = find_log_id(log_id)
        if log_id is None:
            return "skipped"
        try:
            request = self._service.outcome_request(
                log_id, was_successful, workflow_type, execution_error
            )
            return parse_recording(self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_recording(failure)

    def workflow(self, classification: LogReference | None, workflow_type: str) -> "WorkflowBlock":
        """Record the outcome of the block: success, unless it calls `fail` or raises an exception.

        The exception is raised again. Cancellation is a failure too; `sys.exit(0)` is a success.
        As a decorator of a function, also with `async def`, it records each call.
        """
        return WorkflowBlock(
            BlockRuns(classification, workflow_type),
            lambda run: self.record_outcome(*run.outcome),
        )

    def correct(
        self,
        log_id: LogReference | None,
        corrected_intent: str,
        *,
        corrected_secondary_intents: Iterable[str] | None = None,
        reviewer: str | None = None,
        token: str | None = None,
        notes: str | None = None,
    ) -> RecordingStatus:
        """Record a correction of a reviewer, identified by name or by their own `token`.

        An empty list of `corrected_secondary_intents` says that the message has none. Without the
        list, or with one of missing values alone, nothing is said about them. Without a `log_id`,
        record nothing and return `skipped`.
        """
        log_id = find_log_id(log_id)
        if log_id is None:
            return "skipped"
        try:
            request = self._service.correction_request(
                log_id,
                corrected_intent,
                corrected_secondary_intents=corrected_secondary_intents,
                reviewer=reviewer,
                token=token,
                notes=notes,
            )
            return parse_recording(self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_recording(failure)

    def _send(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request with retries. Raise `NoResponse`."""
        steps, response = retry_steps(self._timeouts), None
        step = next(steps)
        try:
            while True:
                if isinstance(step, SendStep):
                    response = self._attempt(request, step.seconds)
                else:
                    time.sleep(step.seconds)
                step = steps.send(response)
        except StopIteration as end:
            last_response: ServiceResponse = end.value
            return last_response

    def _attempt(self, request: ServiceRequest, seconds: float) -> ServiceResponse | None:
        ends_at, handled_before = time.monotonic() + seconds, sys.exception()
        http = self._connections.get()
        try:
            with (
                http.within(seconds),
                http.stream(
                    "POST",
                    request.url,
                    content=request.body,
                    headers=request.headers,
                    timeout=seconds,
                ) as response,
            ):
                body = ResponseBody(response.is_success)
                for chunk in response.iter_raw():
                    body.append(chunk)
                    if time.monotonic() > ends_at:
                        return None
        except (httpx.HTTPError, OSError) as error:
            failure = find_permanent_failure(error, handled_before)
        except RuntimeError:
            if not http.is_closed:
                raise
            failure = None  # another thread closed the client; the next attempt opens it again
        else:
            content = body.decoded(response.headers.get("Content-Encoding", ""))
            return ServiceResponse(response.status_code, content, response.headers)
        if failure is not None:
            raise failure
        return None


class WorkflowBlock(AbstractContextManager[WorkflowRun]):
    """A block whose outcome is recorded at its end.

    It is no generator: those of `contextlib` set attributes of the block's exception, which would
    replace one that cannot be changed. Each entry is a run of its own.
    """

    def __init__(self, runs: BlockRuns, record: Callable[[WorkflowRun], object]) -> None:
        self._runs, self._record = runs, record

    def __call__(self, function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        """Record each call of a function. Raise `TypeError` for a generator function."""
        if is_asynchronous(function):

            @wraps(function)
            async def record_run(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await cast("Callable[..., Any]", function)(*args, **kwargs)

            return cast("Callable[Parameters, Result]", record_run)

        @wraps(function)
        def record_call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with self:
                return require_finished(function(*args, **kwargs))

        return record_call

    def __enter__(self) -> WorkflowRun:
        return self._runs.begin(current_owner())

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        run = self._runs.end(current_owner())
        if error is None:
            self._record(run)
            return
        run.end_with(error)
        with suppress(Exception):  # the block's own exception takes precedence
            self._record(run)
