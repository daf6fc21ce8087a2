"""The Lambda Extensions API: what runs beside a function and may outlast its answer."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

from infra.local.lambda_runtime.values import FunctionSpec, Invocation
from infra.local.web import Receive, Scope, Send, read_body, respond

BASE = "/2020-01-01/extension/"
_NAME, _IDENTIFIER = b"lambda-extension-name", b"lambda-extension-identifier"


class Extensions:
    """Those of one instance, which is idle when all of them have asked for the next event."""

    def __init__(self, spec: FunctionSpec, on_ready: Callable[[], None]) -> None:
        self._spec, self._on_ready = spec, on_ready
        self._waiting: dict[str, asyncio.Future[bytes | None] | None] = {}

    @property
    def are_ready(self) -> bool:
        """Whether none has work left; true where there is none."""
        return all(future is not None and not future.done() for future in self._waiting.values())

    def register(self) -> str:
        """Take one in and return its identifier."""
        identifier = str(uuid.uuid4())
        self._waiting[identifier] = None
        return identifier

    async def next(self, identifier: str) -> bytes | None:
        """Wait for the next event; `None` for one that is not known, or when the instance ends."""
        if identifier not in self._waiting:
            return None
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = future
        self._on_ready()
        return await future

    def invoke(self, invocation: Invocation) -> None:
        """Tell all of them that an invocation begins."""
        self._send(json.dumps(self._event(invocation)).encode())

    def end(self) -> None:
        """Let none wait any longer."""
        self._send(None)

    def _send(self, event: bytes | None) -> None:
        for future in self._waiting.values():
            if future is not None and not future.done():
                future.set_result(event)

    def _event(self, invocation: Invocation) -> dict[str, Any]:
        return {
            "eventType": "INVOKE",
            "deadlineMs": invocation.deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": self._spec.arn,
        }


async def serve(extensions: Extensions, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a call of an extension."""
    path, headers = scope["path"].removeprefix(BASE), dict(scope["headers"])
    body = await read_body(receive)
    if path == "register" and _NAME in headers:
        # An extension inside the runtime's process gets no other event.
        if json.loads(body).get("events", []) != ["INVOKE"]:
            await _refuse(send, "ShutdownEventNotSupportedForInternalExtension")
            return
        identifier = extensions.register().encode()
        await respond(send, 200, b"{}", [(_IDENTIFIER, identifier)])
    elif path == "event/next":
        event = await extensions.next(headers.get(_IDENTIFIER, b"").decode())
        if event is None:
            await _refuse(send, "Extension.UnknownExtensionIdentifier")
        else:
            await respond(send, 200, event)
    else:
        await _refuse(send, "InvalidRequestFormat")


async def _refuse(send: Send, kind: str) -> None:
    await respond(send, 403, json.dumps({"errorType": kind, "errorMessage": kind}).encode())
