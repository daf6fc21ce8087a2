"""Retries of a request: when to send it, how long to wait, and when to stop.

The rules are the same for the synchronous and the asynchronous client. They are a generator that
yields the next step, and the clients carry the steps out.
"""

import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from prompt_capture.client.errors import NoResponse
from prompt_capture.client.retry_after import read_retry_after

MAX_ATTEMPTS = 4
_MAX_SECONDS = 86_400
"""A day. The operating system refuses waits of some centuries, as those of `sys.maxsize`."""

_FIRST_DELAY_SECONDS = 0.1
_MIN_ATTEMPT_SECONDS = 0.001
_REQUEST_TIMEOUT = 408
_TOO_EARLY = 425
_TOO_MANY_REQUESTS = 429
_SERVICE_UNAVAILABLE = 503
_RETRYABLE_REFUSALS = frozenset({_REQUEST_TIMEOUT, _TOO_EARLY, _TOO_MANY_REQUESTS})


@dataclass(frozen=True)
class ServiceRequest:
    """An idempotent request, which can be sent several times. `fields` are those of its body."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceResponse:
    """An HTTP response of any status."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_retryable(self) -> bool:
        """Whether a retry may succeed: after a server error, or when no instance was free.

        408 and 425 come from proxies: on a connection that was idle, and during TLS 1.3's 0-RTT.
        """
        return self.status >= 500 or self.status in _RETRYABLE_REFUSALS

    @property
    def seconds_to_wait(self) -> float:
        """The seconds that the service asks to wait before a retry; 0 where it does not."""
        if self.status not in {_TOO_MANY_REQUESTS, _SERVICE_UNAVAILABLE}:
            return 0.0
        return read_retry_after(self.headers) or 0.0


@dataclass(frozen=True)
class SendStep:
    """Send the request, and wait at most `seconds` for the response."""

    seconds: float


@dataclass(frozen=True)
class DelayStep:
    """Wait before the next attempt."""

    seconds: float


RetrySteps = Generator[SendStep | DelayStep, ServiceResponse | None, ServiceResponse]


@dataclass(frozen=True)
class Timeouts:
    """The time limits in seconds: of a call with all its retries, and of one attempt.

    Raise `ValueError` for a limit that is no positive number, or longer than a day.
    """

    deadline: float = 6.0
    attempt: float = 4.0

    def __post_init__(self) -> None:
        for name, seconds in (("deadline", self.deadline), ("attempt", self.attempt)):
            if not (isinstance(seconds, int | float) and 0 < seconds <= _MAX_SECONDS):
                raise ValueError(
                    f"{name} is {seconds!r}. It is a positive number of seconds, at most a day"
                )


def retry_steps(timeouts: Timeouts, now: Callable[[], float] = time.monotonic) -> RetrySteps:
    """Yield the next step. Receive the response to each attempt, or None where there was none.

    Return the last response, which may be an error. Raise `NoResponse` where there was none. No
    attempt follows that the service asks to send after the deadline.
    """
    ends_at = now() + timeouts.deadline
    response: ServiceResponse | None = None
    for attempt in range(MAX_ATTEMPTS):
        response = yield SendStep(max(min(timeouts.attempt, ends_at - now()), _MIN_ATTEMPT_SECONDS))
        if response is not None and not response.is_retryable:
            return response
        delay = random.uniform(0, _FIRST_DELAY_SECONDS * 2**attempt)  # noqa: S311 - no secret
        delay += 0.0 if response is None else response.seconds_to_wait
        if attempt + 1 == MAX_ATTEMPTS or now() + delay >= ends_at:
            break
        yield DelayStep(delay)
    if response is None:
        raise NoResponse("no_response")
    return response
