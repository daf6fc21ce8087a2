"""The service's responses as types, and the replacement for a missing response."""

import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompt_capture.client.errors import CaptureError, NoResponse, RequestRejected
from prompt_capture.client.retries import ServiceResponse

ClientCaptureStatus = Literal["stored", "spooled", "writing", "lost", "skipped", "no_response"]
"""The result of a capture, as the service reports it; `no_response` where it reports nothing."""

RecordingStatus = Literal["recorded", "pending", "skipped", "failed"]
"""The result of recording an outcome or a correction.

- `recorded`: the service recorded it.
- `pending`: the service holds it until the prompt log arrives.
- `skipped`: there was no `log_id` to record it for, so nothing was sent.
- `failed`: the service rejected it or did not respond. The client's log has the reason.
"""

_ACCEPTED = 202
_MAX_RESPONSE_BYTES = 1024 * 1024
"""No response of the service has a hundredth of this. A larger one is another server's."""

_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32

_CODE = re.compile(r"[a-z_]{1,60}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,60}")


class ResponseBody:
    """The body of a response while it arrives.

    A body that is not the service's own makes a success an invalid response. An error remains what
    its status says, so that it is retried or refused all the same, and its body counts as empty.
    """

    def __init__(self, is_success: bool) -> None:
        self._is_success = is_success
        self._content = bytearray()

    def append(self, chunk: bytes) -> None:
        """Add what has arrived. Raise `NoResponse` for a successful response that is too long."""
        if len(self._content) <= _MAX_RESPONSE_BYTES:
            self._content += chunk
        if len(self._content) > _MAX_RESPONSE_BYTES:
            self._reject()

    def decoded(self, encoding: str) -> bytes:
        """Return the body without the compression that its `Content-Encoding` names.

        The client asks for none, but a proxy may compress all the same. A few bytes can stand for
        gigabytes, so it does not decompress more than a response may have. Raise `NoResponse`.
        """
        if len(self._content) > _MAX_RESPONSE_BYTES:
            return b""
        if encoding.strip().lower() not in _COMPRESSED:
            return bytes(self._content)
        with suppress(zlib.error):
            decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
            content = decoder.decompress(self._content, _MAX_RESPONSE_BYTES + 1)
            if len(content) <= _MAX_RESPONSE_BYTES:
                return content
        self._reject()
        return b""

    def _reject(self) -> None:
        if self._is_success:
            raise NoResponse("invalid_response")


class _ResponseModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


Model = TypeVar("Model", bound=_ResponseModel)

_Intent = Annotated[str, Field(min_length=1)]
_Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class SecondaryClassification(_ResponseModel):
    """A further intent of the same message."""

    intent: _Intent
    confidence: _Probability | None


class Classification(_ResponseModel):
    """The intent of a message, and the result of its capture.

    Where the service did not respond, `captured` is `no_response`, `intent` is `unknown`, and
    `error_code` gives the reason. A backend can treat it like any message of unknown intent.
    """

    log_id: UUID | None
    intent: _Intent
    confidence: _Probability
    scope: _Probability | None = None
    secondary_intents: tuple[SecondaryClassification, ...] = ()
    source: str | None = None
    model_version: str | None = None
    needs_review: bool = True
    shortened: bool = False
    captured: ClientCaptureStatus
    error_code: str | None = None

    @classmethod
    def without_response(cls, error_code: str) -> Self:
        """Create the replacement for a missing response."""
        return cls(
            log_id=None,
            intent="unknown",
            confidence=0.0,
            captured="no_response",
            error_code=error_code,
        )


class _Recorded(_ResponseModel):
    log_id: UUID


class _Pending(_ResponseModel):
    status: Literal["pending"]


class _ErrorEnvelope(_ResponseModel):
    class Detail(_ResponseModel):
        code: str = ""
        message: object = ""

    error: Detail = Detail()
    request_id: str = ""

    @property
    def safe_code(self) -> str | None:
        """The code, where it has the form of one. It may come from another server."""
        return self.error.code if _CODE.fullmatch(self.error.code) else None

    @property
    def safe_request_id(self) -> str | None:
        """The request id, where it has the form of one."""
        return self.request_id if _REQUEST_ID.fullmatch(self.request_id) else None


def parse_classification(response: ServiceResponse, fields: Sequence[str] = ()) -> Classification:
    """Parse the response to a classification. Raise `RequestRejected` or `NoResponse`.

    A response in which fields contradict each other is not the service's own. Without a `log_id`,
    no outcome would be recorded for a message that was captured.
    """
    classification = _parse(Classification, response, fields)
    is_captured = classification.captured not in {"skipped", "no_response"}
    if (
        classification.captured == "no_response"
        or classification.error_code is not None
        or (classification.log_id is not None) != is_captured
    ):
        raise NoResponse("invalid_response")
    return classification


def parse_recording(response: ServiceResponse, fields: Sequence[str] = ()) -> RecordingStatus:
    """Parse the response to an outcome or a correction. Raise `RequestRejected` or `NoResponse`.

    A response that is not the service's own, such as the page of a proxy, records nothing.
    """
    if response.status == _ACCEPTED:
        return _parse(_Pending, response, fields).status
    _parse(_Recorded, response, fields)
    return "recorded"


def _parse(model: type[Model], response: ServiceResponse, fields: Sequence[str]) -> Model:
    """Return a successful response. Raise `RequestRejected` or `NoResponse`."""
    if not 200 <= response.status < 300:
        raise _error(response, fields)
    try:
        return model.model_validate_json(response.body, strict=True)
    except ValidationError:
        pass  # raised below, so that the validation error with the body is not its context
    raise NoResponse("invalid_response")


def _error(response: ServiceResponse, fields: Sequence[str]) -> CaptureError:
    error = _read_error(response.body)
    code = error.safe_code or f"status_{response.status}"
    if not 400 <= response.status < 500:
        return NoResponse(code, error.safe_request_id)
    to_blame = _named_fields(str(error.error.message), fields)
    return RequestRejected(response.status, code, error.safe_request_id, to_blame)


def _read_error(body: bytes) -> _ErrorEnvelope:
    """Return the service's own error, and an empty one for a body that has none."""
    try:
        return _ErrorEnvelope.model_validate_json(body)
    except ValidationError:
        return _ErrorEnvelope()


def _named_fields(message: str, fields: Sequence[str]) -> list[str]:
    """Return those fields of the request that an error's message is about.

    The rest of the message is not repeated, since the response may come from another server.
    """
    return [name for name in fields if re.search(rf"(?:\A|; ){re.escape(name)}[.:]", message)]
