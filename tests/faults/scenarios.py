"""What can go wrong, one thing at a time, each as a block during which it is wrong."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack

from .load import Breakage

KILLS = 3


def _fault(route: str, fault: Fault) -> Breakage:
    return lambda stack: stack.faults.inject(route, fault)


@contextmanager
def postgres_restarts(stack: Stack) -> Iterator[None]:
    """The database goes away and comes back."""
    stack.stop_postgres()
    stack.start_postgres()
    yield


@contextmanager
def killed(stack: Stack) -> Iterator[None]:
    """Every instance is killed in the middle of what it does; the caller sends again."""
    for _ in range(KILLS):
        stack.signal(CLASSIFY, signal.SIGKILL)
        time.sleep(0.3)
    yield


@contextmanager
def frozen(stack: Stack) -> Iterator[None]:
    """Every instance is frozen, and its connections have died when it thaws."""
    stack.signal(CLASSIFY, signal.SIGSTOP)
    stack.faults.kill_connections("store")
    stack.faults.kill_connections("queue")
    time.sleep(0.5)
    stack.signal(CLASSIFY, signal.SIGCONT)
    yield


def clock_jumps(seconds: int) -> Breakage:
    """The instances' wall clock jumps and comes back; libfaketime moves it under the process."""

    @contextmanager
    def jump(stack: Stack) -> Iterator[None]:
        offset = stack.folder / "clock"
        offset.write_text(f"{seconds:+d}\n")
        yield
        offset.write_text("+0\n")

    return jump


def clock_settings(stack: Stack) -> dict[str, str]:
    """Settings by which a function's wall clock is the stack's file's to move."""
    found = find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    offset = stack.folder / "clock"
    offset.write_text("+0\n")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@contextmanager
def _nothing(stack: Stack) -> Iterator[None]:
    yield


NOTHING: Breakage = _nothing
"""All is well, to compare with."""


def _both(first: Breakage, second: Breakage) -> Breakage:
    @contextmanager
    def both(stack: Stack) -> Iterator[None]:
        with first(stack), second(stack):
            yield

    return both


HALF_JSON = '[{"id": "01936f2e-7c1a'

STORE: dict[str, Breakage] = {
    "PostgREST refuses": _fault("store", Fault("refuse")),
    "PostgREST hangs": _fault("store", Fault("hang")),
    "PostgREST is slow": _fault("store", Fault("slow", seconds=1.0)),
    "PostgREST answers 500": _fault("store", Fault("status", status=500)),
    "PostgREST answers 503": _fault("store", Fault("status", status=503)),
    "PostgREST answers HTML": _fault("store", Fault("status", status=502, body="<html>")),
    "half an answer": _fault("store", Fault("half", every=2)),
    "half an answer, well framed": _fault("store", Fault("status", status=200, body=HALF_JSON)),
    "reset before the write": _fault("store", Fault("reset", every=2)),
    "reset after the write": _fault("store", Fault("reset_after", every=2)),
    "Postgres restarts": postgres_restarts,
}
"""The store is away or at fault; the queue is well."""

QUEUE: dict[str, Breakage] = {
    "the queue refuses": _fault("queue", Fault("refuse")),
    "the queue hangs": _fault("queue", Fault("hang")),
}
"""The queue is away; the store is well."""

PROCESS: dict[str, Breakage] = {
    "instances are killed": killed,
    "frozen, thawed, connections dead": frozen,
}

CLOCK: dict[str, Breakage] = {
    "the clock jumps an hour ahead": clock_jumps(3_600),
    "the clock jumps an hour back": clock_jumps(-3_600),
}

BOTH_DOWN = _both(_fault("store", Fault("refuse")), _fault("queue", Fault("refuse")))
