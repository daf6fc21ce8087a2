"""Errors reach the parent of the process that raised them."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from prompt_capture.client import CaptureError, NoResponse, RequestRejected

ERRORS = [
    RequestRejected(401, "api_key_invalid", "r-1"),
    RequestRejected(None, "token_invalid"),
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
