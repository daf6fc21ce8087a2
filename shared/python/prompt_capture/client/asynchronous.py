"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from uuid import UUID

import httpx

from prompt_capture.client.answers import Classification, Recorded, classification, recorded
from prompt_capture.client.base import DEFAULT_TIMEOUTS, LIMITS, BaseClient
from prompt_capture.client.calls import Service
from prompt_capture.client.exchange import Call, Reply, Send, Timeouts, exchange
from prompt_capture.client.runs import WorkflowRun


class AsyncCaptureClient(BaseClient):
    """What `CaptureClient` is, for one event loop; `aclose` waits for what is being recorded."""

    def __init__(
        self,
        service: Service,
        *,
        patience: Timeouts = DEFAULT_TIMEOUTS,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(service, patience, raise_errors)
        self._http = httpx.AsyncClient(limits=LIMITS)
        self._recording: set[asyncio.Task[Recorded]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let outcomes that are on their way arrive, then close the connections."""
        await asyncio.gather(*self._recording, return_exceptions=True)
        await self._http.aclose()

    async def classify(
        self,
        message: str,
        *,
        user_id: UUID | str | None = None,
        token: str | None = None,
        idempotency_key: str | None = None,
        **more: Any,
    ) -> Classification:
        """Answer what a message means, and have it captured once; as `CaptureClient.classify`."""
        try:
            call = self._service.classify(
                message, user_id=user_id, token=token, idempotency_key=idempotency_key, **more
            )
            return classification(await self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unclassified(error)

    async def record_outcome(
        self,
        log_id: UUID | None,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | None = None,
    ) -> Recorded:
        """Tell how the workflow that answered a message ended; `None` is no message."""
        if log_id is None:
            return "skipped"
        try:
            call = self._service.outcome(log_id, was_successful, workflow_type, execution_error)
            return recorded(await self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unrecorded(error)

    @asynccontextmanager
    async def workflow(
        self, captured: Classification | UUID | None, workflow_type: str
    ) -> AsyncIterator[WorkflowRun]:
        """Record how the block ends: well, by `fail`, or by an exception, which goes on its way.

        Being cancelled counts as failed, and is recorded even if the wait for it is cancelled too.
        """
        run = WorkflowRun(captured, workflow_type)
        try:
            yield run
        except BaseException as error:
            run.ended_by(error)
            with suppress(Exception):  # the workflow's own error is the one to raise
                await self._record_unhindered(run)
            raise
        await self._record_unhindered(run)

    async def _record_unhindered(self, run: WorkflowRun) -> None:
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
    ) -> Recorded:
        """Tell what a reviewer says that a message meant: by name, or by the reviewer's `token`."""
        try:
            call = self._service.correction(
                log_id, corrected_intent, reviewer=reviewer, token=token, notes=notes
            )
            return recorded(await self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unrecorded(error)

    async def _reply(self, call: Call) -> Reply:
        """Send a call as `exchange` says; raises `NoResponse`."""
        steps, reply = exchange(self._patience), None
        step = next(steps)
        try:
            while True:
                if isinstance(step, Send):
                    reply = await self._attempt(call, step.seconds)
                else:
                    await asyncio.sleep(step.seconds)
                step = steps.send(reply)
        except StopIteration as ended:
            answer: Reply = ended.value
            return answer

    async def _attempt(self, call: Call, seconds: float) -> Reply | None:
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.post(
                    call.url, content=call.body, headers=call.headers, timeout=seconds
                )
        except (httpx.HTTPError, TimeoutError):
            return None
        return Reply(response.status_code, response.content)
