"""The errors that a client raises with `raise_errors=True`.

CaptureError
├── RequestRejected  the request cannot succeed; repeating it does not help
└── NoResponse       no valid response before the deadline; the request may have taken effect

No error contains a message, a key or the request. Errors can be pickled and copied, so that they
reach the parent of the process that raised them.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from inspect import getattr_static
from traceback import walk_tb
from typing import ClassVar

_SENDING = sys.stdlib_module_names | {"prompt_capture", "httpx", "httpcore", "h11", "anyio"}
"""What sends a request: the packages whose code runs meanwhile."""

_SWITCHING = frozenset({"gevent", "eventlet", "greenlet"})
"""What replaces the waits of the standard library, and can throw any error into them."""

_OWN_ERRORS = _SENDING | _SWITCHING | {"dns", "idna", "sniffio", "socksio"}
"""The packages whose errors say why a request failed."""


class CaptureError(Exception):
    """Base class of the client's errors.

    `code` is for programs. `request_id` identifies the request in the service's logs. `fields` are
    the fields of the request that are to blame, where that is known.
    """

    summary: ClassVar[str] = "The capture service was not reached"

    def __init__(
        self, code: str, request_id: str | None = None, fields: Sequence[str] = ()
    ) -> None:
        # the arguments with which pickle creates it again
        super().__init__(code, request_id, tuple(fields))
        self.code = code
        self.request_id = request_id
        self.fields = tuple(fields)

    @property
    def reason(self) -> str:
        """The code, and the fields that are to blame."""
        return f"{self.code}: {', '.join(self.fields)}" if self.fields else self.code

    def __str__(self) -> str:
        request = f", request {self.request_id}" if self.request_id else ""
        return f"{self.summary} ({self.reason}{request})."


class RequestRejected(CaptureError):
    """The service rejected the request, or the client did not send it.

    `status` is the HTTP status, or None where the client sent nothing.
    """

    summary = "The capture service rejected the request"

    def __init__(
        self,
        status: int | None,
        code: str,
        request_id: str | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        super().__init__(code, request_id, fields)
        self.args = (status, code, request_id, self.fields)
        self.status = status


class NoResponse(CaptureError):
    """The service did not respond in time, or its response is not valid."""

    summary = "No response from the capture service"


def to_capture_error(
    error: Exception,
    interrupts: Callable[[BaseException], bool] | None = None,
    fields: Sequence[str] = (),
) -> CaptureError:
    """Return an error of the client as it is, and `NoResponse` for any other.

    Its code is the name of the type: the text and the attributes of a foreign error can contain a
    message or a key. Raise it after the `except` block, so that the foreign error is no context.

    Raise an error that `interrupts` the call as it is, by default any interruption: the caller has
    it end more than this call. A group of errors counts as these, and then as the first.
    """
    members = _members_of(error)
    for member in members:
        if (interrupts or is_interruption)(member):
            raise member
    if isinstance(error, CaptureError):
        return error
    return NoResponse(type(members[0]).__name__, fields=fields)


def _members_of(error: BaseException) -> list[BaseException]:
    """Return the errors in a group and in its groups, or the error itself."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [member for each in error.exceptions for member in _members_of(each)]


def is_interruption(error: BaseException) -> bool:
    """Return whether an error of a request was raised from outside, such as the limit of a job."""
    return is_from_signal_handler(error) or _is_thrown_in(error)


def is_from_signal_handler(error: BaseException) -> bool:
    """Return whether a signal handler raised an error."""
    handlers = map(signal.getsignal, signal.valid_signals())
    functions = [getattr(handler, "func", handler) for handler in handlers]  # of a partial
    calls = [getattr_static(function, "__call__", None) for function in functions]  # of an object
    codes = {getattr(each, "__code__", None) for each in (*functions, *calls)}
    return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))


def _is_thrown_in(error: BaseException) -> bool:
    """Return whether an error was thrown into the code that sends a request.

    Timeouts of gevent and eventlet do so, and whatever raises an error in another thread. The error
    then appears in code that does not know its class, and so cannot have raised it.
    """
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    place = str(frames[-1].f_globals.get("__name__")) if frames else ""
    package, own_package = place.partition(".")[0], str(type(error).__module__).partition(".")[0]
    return package in _SENDING | _SWITCHING and own_package not in _OWN_ERRORS


def list_causes(
    error: BaseException, handled_before: BaseException | None
) -> Iterator[BaseException]:
    """Yield an error and what led to it, but not what the caller was already handling."""
    cause: BaseException | None = error
    while cause is not None and cause is not handled_before:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            yield from _members_of(cause)
        cause = cause.__cause__ or cause.__context__
