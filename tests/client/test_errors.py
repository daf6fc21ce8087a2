"""Errors reach the parent of the process that raised them."""

import copy
import pickle
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from prompt_capture.client import CaptureError, NoResponse, RequestRejected
from prompt_capture.client.errors import list_causes, to_capture_error

ERRORS = [
    RequestRejected(401, "api_key_invalid", "r-1"),
    RequestRejected(None, "token_invalid"),
    RequestRejected(422, "invalid_request", "r-1", ["user_id"]),
    NoResponse("no_response"),
    NoResponse(code="status_502", request_id="r-2"),
]


def unpickle(error: CaptureError) -> CaptureError:
    copied: CaptureError = pickle.loads(pickle.dumps(error))
    return copied


@pytest.mark.parametrize("copy_error", [unpickle, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_a_copy_of_an_error_is_the_same(
    error: CaptureError, copy_error: Callable[[CaptureError], CaptureError]
) -> None:
    error.add_note("noted")
    copied = copy_error(error)
    assert (type(copied), str(copied)) == (type(error), str(error))
    assert vars(copied) == vars(error)


def reject(status: int) -> None:
    raise RequestRejected(status, "api_key_invalid")


def test_a_pool_of_processes_raises_the_error_of_its_worker() -> None:
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as pool,
        pytest.raises(RequestRejected) as raised,
    ):
        pool.submit(reject, 401).result(timeout=60)
    assert raised.value.status == 401


class JobTimeout(Exception):
    """What a signal handler raises."""


def raise_timeout(number: int, frame: object) -> None:
    raise JobTimeout


def test_a_group_counts_as_the_errors_in_it() -> None:
    """As asyncio's libraries raise it where several addresses of a host fail."""
    group = ExceptionGroup("outer", [ExceptionGroup("inner", [OverflowError()]), OSError()])

    assert to_capture_error(group).code == "OverflowError"
    assert OSError in map(type, list_causes(group, None))


def test_an_error_of_a_signal_handler_in_a_group_is_raised() -> None:
    before = signal.signal(signal.SIGTERM, raise_timeout)
    try:
        raise_timeout(signal.SIGTERM, None)
    except JobTimeout as error:
        with pytest.raises(JobTimeout):
            to_capture_error(ExceptionGroup("outer", [OSError(), error]))
    finally:
        signal.signal(signal.SIGTERM, before)
