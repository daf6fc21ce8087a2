"""The context of a request: its ids, and the time that is left of the Lambda invocation."""

import logging
import re
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import Scope

CORRELATION_HEADER = "x-correlation-id"

_REQUEST_ID_KEY = "prompt_capture.request_id"
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:/=+-]{1,100}")
_MARGIN_SECONDS = 0.2
"""The time to send the response once everything else is done."""

_NO_LIMIT_SECONDS = 60.0

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id of a request in the logs: Lambda's request id where there is one.

    Repeated calls return the same id.
    """
    if _REQUEST_ID_KEY not in scope:
        context = scope.get("aws.context")
        scope[_REQUEST_ID_KEY] = getattr(context, "aws_request_id", None) or str(uuid4())
    return str(scope[_REQUEST_ID_KEY])


def set_correlation_id(scope: Scope, default: str) -> str:
    """Set and return the id that links a caller's log lines with those of the current request.

    The id comes from the request's header, or is `default` where that is missing or malformed: a
    free text must not reach the log.
    """
    value = Headers(scope=scope).get(CORRELATION_HEADER, "")
    correlation_id = value if _CORRELATION_ID.fullmatch(value) else default
    _correlation_id.set(correlation_id)
    return correlation_id


class CorrelationFilter(logging.Filter):
    """Adds the correlation id to every log record. Install it on the root logger's handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _correlation_id.get()
        return True


def remaining_seconds(scope: MutableMapping[str, Any]) -> float:
    """Return the seconds that a request may still take: Lambda's limit less a margin.

    Lambda reports the limit by the wall clock. A limit in the past means that the clock has jumped
    and does not show how much time is left, so it is ignored.
    """
    context = scope.get("aws.context")
    if context is None:
        return _NO_LIMIT_SECONDS
    remaining = float(context.get_remaining_time_in_millis()) / 1000
    return remaining - _MARGIN_SECONDS if remaining > 0 else _NO_LIMIT_SECONDS
