"""What is raised into a call from outside, such as a job's time limit, ends the call."""

import ctypes
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType

import pytest

from prompt_capture.client import CaptureClient, Classification, Service, Timeouts

from .scripted_service import CLASSIFICATION, DROP, HANG, RECORDED, TRICKLE, ScriptedService

LOG_ID = CLASSIFICATION["log_id"]
CALLS: dict[str, Callable[[CaptureClient], object]] = {
    "classify": lambda client: client.classify("move it", user_id=LOG_ID),
    "record_outcome": lambda client: client.record_outcome(LOG_ID, True, "create_task"),
    "correct": lambda client: client.correct(LOG_ID, "reminder", reviewer="ada"),
}

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs SIGALRM")


class TimeLimitExceeded(Exception):
    """As Celery and RQ raise it in a job."""


class OwnTimeout(TimeoutError):
    """httpx takes it for an error of the network."""


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


class SlowHandler(logging.Handler):
    """A handler that sends records to another server, as one of SMTP or HTTP."""

    def emit(self, record: logging.LogRecord) -> None:
        time.sleep(1)


def test_an_error_of_a_signal_handler_is_raised_also_while_a_failure_is_logged(
    client: CaptureClient,
    scripted: ScriptedService,
    limit: Callable[[Callable[..., object]], None],
) -> None:
    scripted.script = [(200, b"")]
    logger, handler = logging.getLogger("prompt_capture.client"), SlowHandler()
    logger.addHandler(handler)
    limit(InterruptedJob(TimeLimitExceeded).end)

    try:
        with pytest.raises(TimeLimitExceeded):
            client.classify("move it", user_id=LOG_ID)
    finally:
        logger.removeHandler(handler)


@contextmanager
def throw_into_this_thread(error: type[Exception]) -> Iterator[None]:
    """Throw an error into the code of the block, as Temporal and RQ do on threads."""
    has_ended = threading.Event()
    thread = ctypes.c_ulong(threading.get_ident())

    def throw() -> None:
        while not has_ended.wait(0.2):  # code that ignores errors, such as a destructor, may get it
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(error))

    thrower = threading.Thread(target=throw)
    thrower.start()
    try:
        yield
    finally:
        has_ended.set()
        thrower.join()


@pytest.mark.parametrize("fault", [TRICKLE, DROP])
@pytest.mark.parametrize("error", [TimeLimitExceeded, OwnTimeout])
@pytest.mark.parametrize("call", CALLS)
def test_an_error_that_is_thrown_into_the_call_is_raised(
    client: CaptureClient,
    scripted: ScriptedService,
    call: str,
    error: type[Exception],
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the client waits for an answer, and between its attempts."""
    scripted.script = [fault]
    monkeypatch.setattr("prompt_capture.client.retries._FIRST_DELAY_SECONDS", 1)

    with pytest.raises(error) as raised, throw_into_this_thread(error):
        CALLS[call](client)

    assert raised.type is error


class OtherError(Exception):
    """An error of another library."""


def fail(*_: object, **options: object) -> None:
    raise OtherError


def test_an_error_of_an_instrumentation_is_a_failed_call(
    client: CaptureClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("httpcore.ConnectionPool.handle_request", fail)

    assert client.classify("move it", user_id=LOG_ID).error_code == "OtherError"


def test_an_error_of_a_resolver_is_a_failed_call(
    client: CaptureClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """eventlet raises errors of dnspython."""
    timeout = type("Timeout", (Exception,), {"__module__": "dns.exception"})
    names = {"__name__": "eventlet.support.greendns", "OtherError": timeout}
    monkeypatch.setattr("socket.getaddrinfo", FunctionType(fail.__code__, names))

    assert client.classify("move it", user_id=LOG_ID).error_code == "Timeout"


def test_an_error_of_a_value_is_a_failed_call(client: CaptureClient) -> None:
    """As of rows that a driver written in C reads, which leaves no frame of its own."""
    set_error = partial(ctypes.pythonapi.PyErr_SetNone, ctypes.py_object(OtherError))

    rows = iter(set_error, None)

    assert client.correct(LOG_ID, "a", corrected_secondary_intents=rows) == "failed"
