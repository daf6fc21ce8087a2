"""One call, sent until it is answered or its time is over; who does the sending is left open.

The rules are the same for a plain client and for an asynchronous one, so they are written once, as
a generator that yields what to do next.
"""

import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from prompt_capture.client.errors import NoResponse

ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1
_SHORTEST_ATTEMPT_SECONDS = 0.001
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True)
class Call:
    """A request that may be sent again: the service does what it asks once."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer of any status."""

    status: int
    body: bytes = field(repr=False)

    @property
    def is_passing(self) -> bool:
        """Whether it may be different in a moment: a failure, or no instance that was free."""
        return self.status >= 500 or self.status == _TOO_MANY_REQUESTS


@dataclass(frozen=True)
class Send:
    """Send the call, and wait no longer than this."""

    seconds: float


@dataclass(frozen=True)
class Pause:
    """Wait before the next attempt."""

    seconds: float


Exchange = Generator[Send | Pause, Reply | None, Reply]


@dataclass(frozen=True)
class Timeouts:
    """How long a call may take in all, and one attempt of it, in seconds."""

    deadline: float = 6.0
    attempt: float = 4.0


def exchange(patience: Timeouts, now: Callable[[], float] = time.monotonic) -> Exchange:
    """Yield what to do; is sent each attempt's reply, `None` where none came.

    Returns the last reply, which may be a failure; raises `NoResponse` where there was none.
    """
    ends = now() + patience.deadline
    reply: Reply | None = None
    for attempt in range(ATTEMPTS):
        reply = yield Send(max(min(patience.attempt, ends - now()), _SHORTEST_ATTEMPT_SECONDS))
        if reply is not None and not reply.is_passing:
            return reply
        pause = random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - no secret
        if attempt + 1 == ATTEMPTS or now() + pause >= ends:
            break
        yield Pause(pause)
    if reply is None:
        raise NoResponse("no_answer")
    return reply
