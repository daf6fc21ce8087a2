"""The client for code that is not asynchronous; one may be shared between threads."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from uuid import UUID

import httpx

from prompt_capture.client.answers import Classification, Recorded, classification, recorded
from prompt_capture.client.base import DEFAULT_TIMEOUTS, LIMITS, BaseClient
from prompt_capture.client.calls import Service
from prompt_capture.client.exchange import Call, Reply, Send, Timeouts, exchange
from prompt_capture.client.runs import WorkflowRun


class CaptureClient(BaseClient):
    """A pool of connections to the three functions: make one, keep it, and `close` it.

    Its patience bounds each wait for the network; an answer that trickles in is given up too.
    """

    def __init__(
        self,
        service: Service,
        *,
        patience: Timeouts = DEFAULT_TIMEOUTS,
        raise_errors: bool = False,
    ) -> None:
        super().__init__(service, patience, raise_errors)
        self._http = httpx.Client(limits=LIMITS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def classify(
        self,
        message: str,
        *,
        user_id: UUID | str | None = None,
        token: str | None = None,
        idempotency_key: str | None = None,
        **more: Any,
    ) -> Classification:
        """Answer what a message means, and have it captured once.

        Name the user with a backend's key, or give the user's own `token`. A request of yours
        that may itself be repeated names its message by an `idempotency_key` (at most 200 visible
        ASCII characters). `more` is `conversation_id`, `message_index` or `capture=False`.
        """
        try:
            call = self._service.classify(
                message, user_id=user_id, token=token, idempotency_key=idempotency_key, **more
            )
            return classification(self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unclassified(error)

    def record_outcome(
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
            return recorded(self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unrecorded(error)

    @contextmanager
    def workflow(
        self, captured: Classification | UUID | None, workflow_type: str
    ) -> Iterator[WorkflowRun]:
        """Record how the block ends: well, by `fail`, or by an exception, which goes on its way.

        Being cancelled counts as failed.
        """
        run = WorkflowRun(captured, workflow_type)
        try:
            yield run
        except BaseException as error:
            run.ended_by(error)
            with suppress(Exception):  # the workflow's own error is the one to raise
                self.record_outcome(*run.outcome)
            raise
        self.record_outcome(*run.outcome)

    def correct(
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
            return recorded(self._reply(call))
        except Exception as error:  # noqa: BLE001 - the caller's answer goes before ours
            return self._unrecorded(error)

    def _reply(self, call: Call) -> Reply:
        """Send a call as `exchange` says; raises `NoResponse`."""
        steps, reply = exchange(self._patience), None
        step = next(steps)
        try:
            while True:
                if isinstance(step, Send):
                    reply = self._attempt(call, step.seconds)
                else:
                    time.sleep(step.seconds)
                step = steps.send(reply)
        except StopIteration as ended:
            answer: Reply = ended.value
            return answer

    def _attempt(self, call: Call, seconds: float) -> Reply | None:
        gives_up, body = time.monotonic() + seconds, bytearray()
        try:
            with self._http.stream(
                "POST", call.url, content=call.body, headers=call.headers, timeout=seconds
            ) as response:
                for part in response.iter_bytes():
                    body += part
                    if time.monotonic() > gives_up:
                        return None
        except httpx.HTTPError:
            return None
        return Reply(response.status_code, bytes(body))
