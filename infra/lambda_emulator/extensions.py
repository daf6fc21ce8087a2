"""The Lambda Extensions API; an extension can still work after the function has responded."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

from infra.lambda_emulator.types import FunctionSpec, Invocation
from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, read_body, respond

BASE = "/2020-01-01/extension/"
_NAME, _IDENTIFIER = b"lambda-extension-name", b"lambda-extension-identifier"


class Extensions:
    """The extensions of one instance.

    The instance is idle only when every extension waits for the next event.
    """

    def __init__(self, spec: FunctionSpec, on_idle: Callable[[], None]) -> None:
        self._spec, self._on_idle = spec, on_idle
        self._waiting: dict[str, asyncio.Future[bytes | None] | None] = {}

    @property
    def are_idle(self) -> bool:
        """Whether every extension waits for the next event; true if none is registered."""
        return all(future is not None and not future.done() for future in self._waiting.values())

    def register(self) -> str:
        """Register an extension and return its identifier."""
        identifier = str(uuid.uuid4())
        self._waiting[identifier] = None
        return identifier

    async def next_event(self, identifier: str) -> bytes | None:
        """Wait for the next event; `None` if the identifier is unknown or the instance ends."""
        if identifier not in self._waiting:
            return None
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = future
        self._on_idle()
        return await future

    def notify(self, invocation: Invocation) -> None:
        """Send the INVOKE event of an invocation to every extension."""
        self._publish(json.dumps(self._event(invocation)).encode())

    def close(self) -> None:
        """End every wait for the next event."""
        self._publish(None)

    def _publish(self, event: bytes | None) -> None:
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


async def serve(
    extensions: Extensions, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend
) -> None:
    """Serve one request of an extension."""
    path, headers = scope["path"].removeprefix(BASE), dict(scope["headers"])
    body = await read_body(receive)
    if path == "register" and _NAME in headers:
        # Internal extensions cannot register for the SHUTDOWN event.
        if json.loads(body).get("events", []) != ["INVOKE"]:
            await _respond_error(send, "ShutdownEventNotSupportedForInternalExtension")
            return
        identifier = extensions.register().encode()
        await respond(send, 200, b"{}", [(_IDENTIFIER, identifier)])
    elif path == "event/next":
        event = await extensions.next_event(headers.get(_IDENTIFIER, b"").decode())
        if event is None:
            await _respond_error(send, "Extension.UnknownExtensionIdentifier")
        else:
            await respond(send, 200, event)
    else:
        await _respond_error(send, "InvalidRequestFormat")


async def _respond_error(send: AsgiSend, error_type: str) -> None:
    await respond(
        send, 403, json.dumps({"errorType": error_type, "errorMessage": error_type}).encode()
    )
