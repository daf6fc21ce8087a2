"""The correlation id, which links a caller's log lines with the log lines of this service."""

import logging
import re
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import Scope

HEADER = "x-correlation-id"
_PATTERN = re.compile(r"[A-Za-z0-9._:/=+-]{1,100}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def set_correlation_id(scope: Scope, default: str) -> str:
    """Set and return the correlation id of the current request.

    The id comes from the request's header, or is `default` where that is missing or malformed: a
    free text must not reach the log.
    """
    value = Headers(scope=scope).get(HEADER, "")
    correlation_id = value if _PATTERN.fullmatch(value) else default
    _current.set(correlation_id)
    return correlation_id


class CorrelationFilter(logging.Filter):
    """Adds the correlation id to every log record. Install it on the root logger's handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _current.get()
        return True
