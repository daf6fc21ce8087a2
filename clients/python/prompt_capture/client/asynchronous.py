"""The client for asyncio."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar
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
from prompt_capture.client.connections import EventLoops, PerProcess, find_permanent_failure
from prompt_capture.client.decorators import require_asynchronous
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


class AsyncCaptureClient(BaseClient):
    """The asyncio version of `CaptureClient`.

    Each event loop has connections of its own, so a client can be used in several: one after the
    other, as with repeated `asyncio.run`, or at the same time in several threads. `timeouts` bound
    each call as a whole.
    """

    def __init__(
        self,
        service: Service,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(service, timeouts, raise_errors)
        self._loops = PerProcess(EventLoops)
        self._loops.get()  # raises an error now if the certificates or a proxy cannot be used

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for the outcomes that this event loop is recording, then close its connections.

        A later call opens new ones. `asyncio.run` closes connections without this call, but stops
        recordings that nothing waits for.
        """
        await self._loops.get().aclose()

    async def classify(
        self,
        message: str,
        *,
        user_id: UUID | str | None = None,
        token: str | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Classification:
        """Classify a message, and have it captured once. See `CaptureClient.classify`."""
        try:
            request = self._service.classify_request(
                message, user_id=user_id, token=token, idempotency_key=idempotency_key, **fields
            )
            return parse_classification(await self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_classification(failure)

    async def record_outcome(
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
            return parse_recording(await self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_recording(failure)

    def workflow(
        self, classification: LogReference | None, workflow_type: str
    ) -> "AsyncWorkflowBlock":
        """Record the outcome of the block: success, unless it calls `fail` or raises an exception.

        The exception is raised again. Cancellation is a failure too, and is recorded even if the
        wait for the recording is cancelled as well. `sys.exit(0)` is a success. As a decorator of
        a function with `async def`, it records each call.
        """
        return AsyncWorkflowBlock(BlockRuns(classification, workflow_type), self._record)

    async def _record(self, run: WorkflowRun) -> None:
        """Record an outcome in a task of its own, which no cancellation of the caller stops."""
        try:
            connections = await self._loops.get().connections()
        except Exception as error:  # noqa: BLE001 - without an event loop, nothing can be sent
            failure = to_capture_error(error)
        else:
            await asyncio.shield(connections.record(self.record_outcome(*run.outcome)))
            return
        self._failed_recording(failure)

    async def correct(
        self,
        log_id: LogReference | None,
        corrected_intent: str,
        *,
        corrected_secondary_intents: Iterable[str] | None = None,
        reviewer: str | None = None,
        token: str | None = None,
        notes: str | None = None,
    ) -> RecordingStatus:
        """Record a correction of a reviewer. See `CaptureClient.correct`."""
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
            return parse_recording(await self._send(request), request.fields)
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            failure = to_capture_error(error)
        return self._failed_recording(failure)

    async def _send(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request with retries. Raise `NoResponse`."""
        steps, response = retry_steps(self._timeouts), None
        step = next(steps)
        try:
            while True:
                if isinstance(step, SendStep):
                    response = await self._attempt(request, step.seconds)
                else:
                    await asyncio.sleep(step.seconds)
                step = steps.send(response)
        except StopIteration as end:
            last_response: ServiceResponse = end.value
            return last_response

    async def _attempt(self, request: ServiceRequest, seconds: float) -> ServiceResponse | None:
        connections = await self._loops.get().connections()
        return await connections.http.run(
            lambda ends_at: _exchange(connections.http, request, seconds, ends_at), seconds
        )


async def _exchange(
    http: httpx.AsyncClient, request: ServiceRequest, seconds: float, ends_at: float
) -> ServiceResponse | None:
    """Send a request, and return the response; None if a retry may succeed."""
    handled_before = sys.exception()
    try:
        message = http.build_request(
            "POST",
            request.url,
            content=request.body,
            headers=request.headers,
            timeout=seconds,
        )
        # `http.stream` would be an asynchronous generator, which the end of the event loop closes.
        async with aclosing(await http.send(message, stream=True)) as response:
            body = ResponseBody(response.is_success)
            async for chunk in response.aiter_raw():
                body.append(chunk)
                if time.monotonic() > ends_at:
                    return None
    except (httpx.HTTPError, OSError) as error:
        failure = find_permanent_failure(error, handled_before)
    except RuntimeError:
        if not http.is_closed:
            raise
        failure = None  # the client was closed meanwhile; the next attempt opens it again
    else:
        content = body.decoded(response.headers.get("Content-Encoding", ""))
        return ServiceResponse(response.status_code, content, response.headers)
    if failure is not None:
        raise failure
    return None


class AsyncWorkflowBlock(AbstractAsyncContextManager[WorkflowRun]):
    """A block whose outcome is recorded at its end.

    It is no asynchronous generator: an event loop that ends would finish it before the block. Each
    entry is a run of its own.
    """

    def __init__(self, runs: BlockRuns, record: Callable[[WorkflowRun], Awaitable[None]]) -> None:
        self._runs, self._record = runs, record

    def __call__(
        self, function: Callable[Parameters, Coroutine[Any, Any, Result]]
    ) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
        """Record each call of a function. Raise `TypeError` unless it has `async def`."""
        require_asynchronous(function)

        @wraps(function)
        async def record_run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            async with self:
                return await function(*args, **kwargs)

        return record_run

    async def __aenter__(self) -> WorkflowRun:
        return self._runs.begin(current_owner())

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        run = self._runs.end(current_owner())
        if error is None:
            await self._record(run)
            return
        run.end_with(error)
        with suppress(Exception):  # the block's own exception takes precedence
            await self._record(run)
