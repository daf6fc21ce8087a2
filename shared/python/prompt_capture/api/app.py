"""Create the ASGI app of one function, with the middleware that guards it."""

import json
import logging
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_capture.api.authentication import SECURITY_SCHEMES
from prompt_capture.api.errors import ApiError, error_body, install_error_handlers
from prompt_capture.api.paths import canonical_path
from prompt_capture.api.request_context import CORRELATION_HEADER, request_id, set_correlation_id

if TYPE_CHECKING:
    from starlette.middleware.cors import CORSMiddleware

MAX_BODY_BYTES = 256 * 1024
"""An error of 8,000 characters takes at most 96 kB of JSON, with every character escaped."""

_PREFLIGHT_LIFESPAN_SECONDS = 600

logger = logging.getLogger(__name__)

_INTERNAL_ERROR = ApiError(
    500, "internal_error", "Internal server error.", "Report the request_id."
)


def create_app(title: str, router: APIRouter, allowed_origins: Sequence[str] = ()) -> FastAPI:
    """Create an app with one router, the shared error handlers and the guard middleware.

    A body without a content type is read as JSON. Web pages of `allowed_origins` may call the app;
    by default none may.
    """
    app = _App(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.include_router(router, prefix="/v1")
    install_error_handlers(app)
    app.add_middleware(GuardMiddleware)
    if allowed_origins:
        app.add_middleware(allow_web_pages, origins=allowed_origins)
    return app


def allow_web_pages(app: ASGIApp, origins: Sequence[str]) -> "CORSMiddleware":
    """Return an app that answers preflight requests, and lets pages of `origins` read responses.

    A page cannot send `X-Api-Key`: the key of a backend has no place in a browser.
    """
    from starlette.middleware.cors import CORSMiddleware  # noqa: PLC0415 - rarely needed

    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["POST"],
        allow_headers=["Authorization", "X-User-Token", "Idempotency-Key", CORRELATION_HEADER],
        expose_headers=["X-Request-Id", CORRELATION_HEADER, "Retry-After"],
        max_age=_PREFLIGHT_LIFESPAN_SECONDS,
    )


class _App(FastAPI):
    """Adds the security schemes to the OpenAPI description."""

    def openapi(self) -> dict[str, Any]:
        description = super().openapi()
        description["components"].setdefault("securitySchemes", SECURITY_SCHEMES)
        return description


class GuardMiddleware:
    """Limits the body, adds ids to every response, and lets no exception escape.

    Corrects the path before the routing.

    The log records the type and the location of an unexpected error, not its text, which may
    contain a prompt.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = canonical_path(scope)
        identifier = request_id(scope)
        correlation_id = set_correlation_id(scope, identifier)
        has_started = False

        async def send_with_ids(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = identifier
                headers[CORRELATION_HEADER] = correlation_id
            await send(message)

        try:
            await self._app(scope, _limit_body(receive), send_with_ids)
        except Exception as error:  # noqa: BLE001 - the last resort
            logger.error(
                "Unexpected error: %s at %s",
                type(error).__name__,
                _location(error),
                extra={"request_id": identifier},
            )
            if not has_started:
                await _send_error(_INTERNAL_ERROR, identifier, send_with_ids)


def _limit_body(receive: Receive) -> Receive:
    received_bytes = 0

    async def limited_receive() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return limited_receive


def _location(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"


async def _send_error(error: ApiError, identifier: str, send: Send) -> None:
    body = json.dumps(error_body(identifier, error)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
