"""The Lambda handler of a function with an HTTP interface."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from mangum.types import ASGI
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from prompt_capture.api.app import allow_web_pages
from prompt_capture.api.errors import INVALID_JSON, ApiError, error_body
from prompt_capture.api.events import ignore, is_ping, is_schedule
from prompt_capture.api.request_context import request_id
from prompt_capture.domain.errors import InvalidSettings

Handler = Callable[[Any, Any], Any]

_EXPECTED = "an HTTP request to its Function URL"
_NO_REQUEST = (KeyError, TypeError, ValueError, AttributeError, RuntimeError)
"""What Mangum raises for an event that is not a request."""

_NO_TEXT = (TypeError, ValueError, AttributeError)
"""What Mangum raises for a body that is an object, damaged Base64, or half a surrogate pair.

Such events come from direct invocations only.
"""

_HEADER_FIELDS = ("headers", "multiValueHeaders")
_ADDRESS = frozenset({"host", "x-forwarded-port"})
"""The headers from which Mangum reads the server's address, which nothing here uses."""

logger = logging.getLogger(__name__)


def handle_requests(app: FastAPI) -> Handler:
    """Return a handler that passes requests to an app, and answers all other events.

    Answers to other events have the form of HTTP responses, since an API gateway may wait for one:
    status 200 for pings, and 400 for what was probably meant as a request.
    """
    return _pass_requests(app, _answer_other_event, _refuse_body)


def _pass_requests(app: ASGI, answer_other: Handler, refuse_body: Handler) -> Handler:
    adapter = Mangum(app, lifespan="off")

    def handle(event: Any, context: Any) -> Any:
        event = _with_usable_headers(event)
        try:
            request = adapter.infer(event, context)
            request.scope["method"].upper()  # raises where it is no request
        except _NO_REQUEST:
            return answer_other(event, context)
        try:
            request.body  # noqa: B018 - raises where it is no text
        except _NO_TEXT:
            return refuse_body(event, context)
        return adapter(event, context)

    return handle


def _with_usable_headers(event: Any) -> Any:
    """Return a request with a header field, and without headers that Mangum may not understand.

    The test of a method in the console of API Gateway sends null in place of headers. Mangum takes
    a request for none whose address has no single port, as behind several proxies (`443,80`).
    """
    if not isinstance(event, dict):
        return event
    changes = {
        field: {name: value for name, value in headers.items() if name.lower() not in _ADDRESS}
        for field in _HEADER_FIELDS
        if isinstance(headers := event.get(field), dict)
    }
    if "headers" in event and event["headers"] is None:
        changes["headers"] = {}
    return event | changes


def with_jobs(handler: Handler, jobs: Mapping[str, Callable[[], Awaitable[object]]]) -> Handler:
    """Make a handler run the job that a schedule names: `{"job": "..."}`.

    A job that fails raises its error, so that Lambda repeats it and the alarm sees it.
    """

    def handle(event: Any, context: Any) -> Any:
        job = jobs.get(str(event.get("job"))) if isinstance(event, dict) else None
        if job is None or "requestContext" in event:
            return handler(event, context)
        # A loop of its own, since connections belong to one. Mangum's stays the current one.
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(job())
        finally:
            loop.close()
        return {"status": "done"}

    return handle


def _answer_other_event(event: object, context: Any) -> dict[str, Any]:
    answer = ignore(event, _EXPECTED)
    if is_ping(event) or is_schedule(event):
        return _response(200, answer)
    error = ApiError(
        400, "not_a_request", answer["message"], "See docs/reference/api.md for the requests."
    )
    return _error_response(error, context)


def start(
    create: Callable[[], Handler], allowed_origins: Callable[[], Sequence[str]] = tuple
) -> Handler:
    """Return the handler that `create` creates, or one that names the setting that is wrong.

    An exception would make Lambda start the function again for each request, and callers would get
    no reason. Web pages of `allowed_origins` can read it, unless these are the wrong setting.
    """
    try:
        return create()
    except InvalidSettings as error:
        problem = str(error)
    origins: Sequence[str] = ()
    with suppress(InvalidSettings):
        origins = allowed_origins()
    return _report_each_time(problem, origins)


def _report_each_time(problem: str, origins: Sequence[str]) -> Handler:
    error = ApiError(
        503,
        "not_configured",
        f"The function is not configured. {problem}",
        "Correct the setting and restart the function. `prompt-capture doctor` checks all.",
    )

    def report() -> None:
        # The alarm NotConfigured looks for this message.
        logger.error("The function is not configured.", extra={"reason": problem})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        report()
        response = JSONResponse(error_body(request_id(scope), error), error.status)
        await response(scope, receive, send)

    def handle(event: Any, context: Any) -> Any:
        report()
        return _error_response(error, context)

    report()
    return _pass_requests(allow_web_pages(app, origins), handle, handle) if origins else handle


def _refuse_body(event: object, context: Any) -> dict[str, Any]:
    return _error_response(INVALID_JSON, context)


def _error_response(error: ApiError, context: Any) -> dict[str, Any]:
    return _response(error.status, error_body(context.aws_request_id, error))


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
