"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from uuid import UUID

import httpx

from prompt_capture.client.base import DEFAULT_TIMEOUTS, LIMITS, BaseClient, WorkflowRun
from prompt_capture.client.responses import (
    Classification,
    RecordingStatus,
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


class AsyncCaptureClient(BaseClient):
    """The asyncio version of `CaptureClient`, for one event loop.

    `timeouts` bound each call as a whole. `aclose` waits for outcomes that are being recorded.
    """

    def __init__(
        self,
        service: Service,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(service, timeouts, raise_errors)
        self._http = httpx.AsyncClient(limits=LIMITS)
        self._recording: set[asyncio.Task[RecordingStatus]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for outcomes that are being recorded, then close the connections."""
        await asyncio.gather(*self._recording, return_exceptions=True)
        await self._http.aclose()

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
            return parse_classification(await self._send(request))
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            return self._failed_classification(error)

    async def record_outcome(
        self,
        log_id: UUID | None,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | None = None,
    ) -> RecordingStatus:
        """Record the outcome of the workflow that handled a message.

        Without a `log_id`, record nothing and return `skipped`.
        """
        if log_id is None:
            return "skipped"
        try:
            request = self._service.outcome_request(
                log_id, was_successful, workflow_type, execution_error
            )
            return parse_recording(await self._send(request))
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            return self._failed_recording(error)

    @asynccontextmanager
    async def workflow(
        self, classification: Classification | UUID | None, workflow_type: str
    ) -> AsyncIterator[WorkflowRun]:
        """Record the outcome of the block: success, unless it calls `fail` or raises an exception.

        The exception is raised again. Cancellation is a failure too, and is recorded even if the
        wait for the recording is cancelled as well.
        """
        run = WorkflowRun(classification, workflow_type)
        try:
            yield run
        except BaseException as error:
            run.fail_with(error)
            with suppress(Exception):  # the workflow's own exception takes precedence
                await self._record_shielded(run)
            raise
        await self._record_shielded(run)

    async def _record_shielded(self, run: WorkflowRun) -> None:
        task = asyncio.create_task(self.record_outcome(*run.outcome))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)
        await asyncio.shield(task)

    async def correct(
        self,
        log_id: UUID | str,
        corrected_intent: str,
        *,
        reviewer: str | None = None,
        token: str | None = None,
        notes: str | None = None,
    ) -> RecordingStatus:
        """Record a correction of a reviewer, identified by name or by their own `token`."""
        try:
            request = self._service.correction_request(
                log_id, corrected_intent, reviewer=reviewer, token=token, notes=notes
            )
            return parse_recording(await self._send(request))
        except Exception as error:  # noqa: BLE001 - no failure may prevent the caller's own response
            return self._failed_recording(error)

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
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.post(
                    request.url, content=request.body, headers=request.headers, timeout=seconds
                )
        except (httpx.HTTPError, TimeoutError):
            return None
        return ServiceResponse(response.status_code, response.content)
