"""What both clients are made with, and how they treat what goes wrong."""

import logging
import os
from collections.abc import Mapping
from typing import Any, Self

import httpx

from prompt_capture.client.answers import Classification, Recorded
from prompt_capture.client.calls import Service
from prompt_capture.client.errors import CaptureError
from prompt_capture.client.exchange import Timeouts

logger = logging.getLogger("prompt_capture.client")

LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=20)
"""No connection is kept that the other side may have given up in the meantime."""

DEFAULT_TIMEOUTS = Timeouts()


class BaseClient:
    """A client's settings, the same for both kinds.

    `patience` bounds each call. Nothing is raised for the service's sake unless `raise_errors`
    says so: then `RequestRejected` and `NoResponse`.
    """

    def __init__(self, service: Service, patience: Timeouts, raise_errors: bool) -> None:
        self._service = service
        self._patience = patience
        self._raise_errors = raise_errors

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ, **options: Any) -> Self:
        """Make a client of the service that the environment names; see `Service.from_env`."""
        return cls(Service.from_env(environment), **options)

    def _unclassified(self, error: Exception) -> Classification:
        """Stand in for the answer, or raise where that was asked for."""
        return Classification.unanswered(self._told(error, "A message was not classified"))

    def _unrecorded(self, error: Exception) -> Recorded:
        self._told(error, "An outcome or a correction was not recorded")
        return "failed"

    def _told(self, error: Exception, what: str) -> str:
        """Log an error by its code: of one that is not ours, the text may hold a message."""
        if self._raise_errors:
            raise error
        code = error.code if isinstance(error, CaptureError) else type(error).__name__
        request_id = error.request_id if isinstance(error, CaptureError) else None
        logger.warning("%s (%s).", what, code, extra={"code": code, "request_id": request_id})
        return code
