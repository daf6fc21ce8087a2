"""The id by which a caller follows a message through its own logs and ours."""

import logging
import re
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import Scope

HEADER = "x-correlation-id"
_SHAPE = re.compile(r"[A-Za-z0-9._:/=+-]{1,100}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def follow(scope: Scope, otherwise: str) -> str:
    """Keep the request's correlation id for all that is logged of it; one is given if it has none.

    What does not look like an id is not taken: it would be written to the log.
    """
    given = Headers(scope=scope).get(HEADER, "")
    identifier = given if _SHAPE.fullmatch(given) else otherwise
    _current.set(identifier)
    return identifier


class CorrelationFilter(logging.Filter):
    """Adds the id to every record; for a handler of the root logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = _current.get()
        return True
