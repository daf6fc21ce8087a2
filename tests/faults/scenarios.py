"""Fault scenarios: each is a context manager during which one fault is active."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack

from .load import FaultScenario

KILLS = 3


def _route_fault(route: str, fault: Fault) -> FaultScenario:
    return lambda stack: stack.faults.inject(route, fault)


@contextmanager
def restart_postgres(stack: Stack) -> Iterator[None]:
    """Restart the database server."""
    stack.stop_postgres()
    stack.start_postgres()
    yield


@contextmanager
def kill_instances(stack: Stack) -> Iterator[None]:
    """Kill every instance several times while it works; the client retries."""
    for _ in range(KILLS):
        stack.signal(CLASSIFY, signal.SIGKILL)
        time.sleep(0.3)
    yield


@contextmanager
def freeze_instances(stack: Stack) -> Iterator[None]:
    """Freeze every instance; after the thaw its connections are dead."""
    stack.signal(CLASSIFY, signal.SIGSTOP)
    stack.faults.kill_connections("store")
    stack.faults.kill_connections("queue")
    time.sleep(0.5)
    stack.signal(CLASSIFY, signal.SIGCONT)
    yield


def clock_jump(seconds: int) -> FaultScenario:
    """Return a scenario that moves the wall clock of the instances and moves it back.

    The instances need the environment variables from `clock_variables`.
    """

    @contextmanager
    def jump(stack: Stack) -> Iterator[None]:
        offset = stack.folder / "clock"
        offset.write_text(f"{seconds:+d}\n")
        yield
        offset.write_text("+0\n")

    return jump


def clock_variables(stack: Stack) -> dict[str, str]:
    """Return environment variables that make a function's clock follow a file of the stack.

    libfaketime adds the offset in the file to the wall clock. The function has no registered models
    then: where one thread reads this clock while another one loads a library, libfaketime and the
    dynamic loader wait for each other.
    """
    spec = find_spec("libfaketime")
    assert spec is not None
    assert spec.origin is not None
    library = Path(spec.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    offset = stack.folder / "clock"
    offset.write_text("+0\n")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "MODELS_BUCKET": "",
    }


@contextmanager
def _no_fault(stack: Stack) -> Iterator[None]:
    yield


NO_FAULT: FaultScenario = _no_fault
"""The baseline."""


def _combine(first: FaultScenario, second: FaultScenario) -> FaultScenario:
    @contextmanager
    def combined(stack: Stack) -> Iterator[None]:
        with first(stack), second(stack):
            yield

    return combined


TRUNCATED_JSON = '[{"id": "01936f2e-7c1a'

STORE_FAULTS: dict[str, FaultScenario] = {
    "PostgREST refuses connections": _route_fault("store", Fault("refuse")),
    "PostgREST hangs": _route_fault("store", Fault("hang")),
    "PostgREST is slow": _route_fault("store", Fault("slow", seconds=1.0)),
    "PostgREST returns 500": _route_fault("store", Fault("status", status=500)),
    "PostgREST returns 503": _route_fault("store", Fault("status", status=503)),
    "PostgREST returns HTML": _route_fault("store", Fault("status", status=502, body="<html>")),
    "response cut off": _route_fault("store", Fault("half", every=2)),
    "response with truncated JSON": _route_fault(
        "store", Fault("status", status=200, body=TRUNCATED_JSON)
    ),
    "connection reset before the write": _route_fault("store", Fault("reset", every=2)),
    "connection reset after the write": _route_fault("store", Fault("reset_after", every=2)),
    "PostgreSQL restarts": restart_postgres,
}
"""The store fails; the queue works."""

QUEUE_FAULTS: dict[str, FaultScenario] = {
    "queue refuses connections": _route_fault("queue", Fault("refuse")),
    "queue hangs": _route_fault("queue", Fault("hang")),
}
"""The queue fails; the store works."""

KILLED_INSTANCES = "instances killed"

INSTANCE_FAULTS: dict[str, FaultScenario] = {
    KILLED_INSTANCES: kill_instances,
    "instances frozen, connections dead": freeze_instances,
}

CLOCK_FAULTS: dict[str, FaultScenario] = {
    "clock one hour ahead": clock_jump(3_600),
    "clock one hour behind": clock_jump(-3_600),
}

STORE_AND_QUEUE_DOWN = _combine(
    _route_fault("store", Fault("refuse")), _route_fault("queue", Fault("refuse"))
)
