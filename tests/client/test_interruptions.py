"""What a signal handler of the caller's raises, such as a job's time limit, ends the call."""

import logging
import signal
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from prompt_capture.client import CaptureClient, Classification, Service, Timeouts

from .scripted_service import CLASSIFICATION, HANG, RECORDED, ScriptedService

LOG_ID = CLASSIFICATION["log_id"]
CALLS: dict[str, Callable[[CaptureClient], object]] = {
    "classify": lambda client: client.classify("move it", user_id=LOG_ID),
    "record_outcome": lambda client: client.record_outcome(LOG_ID, True, "create_task"),
    "correct": lambda client: client.correct(LOG_ID, "reminder", reviewer="ada"),
}

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs SIGALRM")


class TimeLimitExceeded(Exception):
    """As Celery and RQ raise it in a job."""


class InterruptedJob:
    """A job with a time limit, whose handler is a method, as in RQ."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def end(self, *_: object) -> None:
        raise self._error


class CallableHandler:
    """A handler that is an object of its own."""

    def __init__(self, end: Callable[..., object]) -> None:
        self._end = end

    def __call__(self, *_: object) -> None:
        self._end()


@pytest.fixture
def limit() -> Iterator[Callable[[Callable[..., object]], None]]:
    """Have a signal handler interrupt the test in a moment."""
    before = signal.getsignal(signal.SIGALRM)

    def start(handler: Callable[..., object]) -> None:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    yield start
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def client(service: Service) -> Iterator[CaptureClient]:
    with CaptureClient(service, timeouts=Timeouts(deadline=20, attempt=20)) as client:
        yield client


@pytest.mark.parametrize("error", [TimeLimitExceeded, TimeoutError, OSError])
@pytest.mark.parametrize("call", CALLS)
def test_an_error_of_a_signal_handler_is_raised(
    client: CaptureClient,
    scripted: ScriptedService,
    limit: Callable[[Callable[..., object]], None],
    call: str,
    error: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.script = [HANG]
    limit(InterruptedJob(error).end)

    with caplog.at_level(logging.WARNING, "prompt_capture.client"), pytest.raises(error) as raised:
        CALLS[call](client)

    assert raised.type is error
    assert raised.value.__context__ is None  # an error of httpx has the request
    assert not caplog.records
    assert len(scripted.requests) == 1


@pytest.mark.parametrize(
    "wrap",
    [
        partial,
        lambda handler: lambda *_: handler(),
        CallableHandler,
        lambda handler: partial(CallableHandler(handler)),
    ],
)
def test_any_kind_of_handler_counts(
    client: CaptureClient,
    scripted: ScriptedService,
    limit: Callable[[Callable[..., object]], None],
    wrap: Callable[[Callable[..., object]], Callable[..., object]],
) -> None:
    scripted.script = [HANG]
    limit(wrap(InterruptedJob(TimeLimitExceeded).end))

    with pytest.raises(TimeLimitExceeded):
        client.classify("move it", user_id=LOG_ID)


def test_an_interrupted_job_still_records_its_outcome(
    client: CaptureClient,
    scripted: ScriptedService,
    limit: Callable[[Callable[..., object]], None],
) -> None:
    scripted.script = [HANG, RECORDED]
    limit(InterruptedJob(TimeLimitExceeded).end)

    with pytest.raises(TimeLimitExceeded), client.workflow(LOG_ID, "create_task"):
        client.classify("move it", user_id=LOG_ID)

    assert scripted.bodies[-1]["execution_error"] == "TimeLimitExceeded"


def test_a_failure_after_an_interruption_is_one_of_the_service(
    client: CaptureClient,
    scripted: ScriptedService,
    limit: Callable[[Callable[..., object]], None],
) -> None:
    scripted.script = [HANG, (200, b"")]
    limit(InterruptedJob(TimeLimitExceeded).end)

    try:
        client.classify("move it", user_id=LOG_ID)
    except TimeLimitExceeded:
        answer = client.classify("move it", user_id=LOG_ID)

    assert isinstance(answer, Classification)
    assert answer.error_code == "invalid_response"
