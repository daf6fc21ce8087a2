"""What the service answers, typed, and what stands in for an answer that did not come."""

import re
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_capture.client.errors import CaptureError, NoResponse, RequestRejected
from prompt_capture.client.exchange import Reply

Captured = Literal["stored", "spooled", "writing", "lost", "skipped", "unanswered"]

Recorded = Literal["recorded", "pending", "skipped", "failed"]
"""`pending`: held until its message's row is there. `skipped`: there was no message to record for.
`failed`: refused or not answered; the client's log says why."""

_CODE = re.compile(r"[a-z_]{1,60}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,60}")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class SecondaryIntent(_Answer):
    """A further intent of the same message."""

    intent: str
    confidence: float | None


class Classification(_Answer):
    """What a message means, and what became of its capture.

    Where the service gave no answer, `captured` is `unanswered`, `intent` is `unknown`, and
    `error_code` says why; what a backend does with an unknown intent is right then too.
    """

    log_id: UUID | None
    intent: str
    confidence: float
    scope: float | None = None
    secondary_intents: tuple[SecondaryIntent, ...] = ()
    source: str | None = None
    model_version: str | None = None
    needs_review: bool = True
    captured: Captured
    error_code: str | None = None

    @classmethod
    def unanswered(cls, error_code: str) -> Self:
        """Stand in for an answer that did not come."""
        return cls(
            log_id=None,
            intent="unknown",
            confidence=0.0,
            captured="unanswered",
            error_code=error_code,
        )


class _Envelope(_Answer):
    class Detail(_Answer):
        code: str = ""

    error: Detail = Detail()
    request_id: str = ""


def classification(reply: Reply) -> Classification:
    """Read the answer to a classification; raises `RequestRejected` and `NoResponse`."""
    check(reply)
    try:
        return Classification.model_validate_json(reply.body)
    except ValidationError:
        pass  # raised below, where the error that holds the answer is no longer its context
    raise NoResponse("unreadable_answer")


def recorded(reply: Reply) -> Recorded:
    """Read the answer to an outcome or a correction; raises `RequestRejected` and `NoResponse`."""
    check(reply)
    return "pending" if reply.status == 202 else "recorded"


def check(reply: Reply) -> None:
    """Raise `RequestRejected` or `NoResponse` unless the service did as it was asked."""
    if 200 <= reply.status < 300:
        return
    raise _error(reply)


def _error(reply: Reply) -> CaptureError:
    code, request_id = _named(reply.body)
    if 400 <= reply.status < 500:
        return RequestRejected(reply.status, code or f"status_{reply.status}", request_id)
    return NoResponse(code or f"status_{reply.status}", request_id)


def _named(body: bytes) -> tuple[str | None, str | None]:
    """Read an error's code and request id: nothing else, for who answers may not be the service."""
    try:
        told = _Envelope.model_validate_json(body)
    except ValidationError:
        return None, None
    code = told.error.code if _CODE.fullmatch(told.error.code) else None
    return code, told.request_id if _REQUEST_ID.fullmatch(told.request_id) else None
