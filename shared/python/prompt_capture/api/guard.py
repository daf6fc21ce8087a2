"""The outermost layer: bounded bodies, a request id on every answer, no exception escapes."""

import json
import logging
import traceback

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_capture.api import correlation
from prompt_capture.api.errors import ApiError, error_body
from prompt_capture.api.request_ids import request_id

MAX_BODY_BYTES = 64 * 1024
"""4,000 characters of message take at most 48 kB of JSON, all of it escaped."""

logger = logging.getLogger(__name__)

_INTERNAL = ApiError(
    500, "internal_error", "Something broke on our side.", "Report the request_id."
)


class Guard:
    """Wraps an ASGI app.

    An unexpected error is logged by its type and place alone: its text may hold a prompt.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = request_id(scope)
        correlation_id = correlation.follow(scope, identifier)
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = identifier
                headers[correlation.HEADER] = correlation_id
            await send(message)

        try:
            await self._app(scope, _bounded(receive), send_with_id)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            logger.error(
                "An unexpected %s at %s",
                type(error).__name__,
                _place(error),
                extra={"request_id": identifier},
            )
            if not started:
                await _answer(_INTERNAL, identifier, send_with_id)


def _bounded(receive: Receive) -> Receive:
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return receive_bounded


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


async def _answer(error: ApiError, identifier: str, send: Send) -> None:
    body = json.dumps(error_body(identifier, error)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
