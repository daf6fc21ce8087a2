"""Fixtures for all tests, such as one shared local stack that starts on first use."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from infra.local.proxies import proxy_exceptions
from infra.local.stack import Stack
from infra.packaging import PackagingError
from infra.packaging.interpreter import find_lambda_python
from tests.database_reset import DELETE_ALL_ROWS
from tests.terminal import forget_terminal

# Before a test module imports typer, which reads the environment once.
forget_terminal(os.environ)
os.environ.update(proxy_exceptions())

# Busy machines are slow, so a property test never fails because of its duration.
hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")

GENEROUS_TIMEOUTS = {"CAPTURE_TIMEOUT_SECONDS": "8"}
"""Settings for tests that must not reach a deadline, even on a busy machine."""

_shared_stacks: list[Stack] = []


def pytest_configure() -> None:
    """Let child processes receive SIGINT, even if a shell runs the tests in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exempt what exists after collection from garbage collection until the end of the run.

    It stays in use: the modules and thousands of tests. Each full collection would visit it all.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_sessionfinish() -> None:
    """Let the collections at the end find what the tests have dropped."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A complete stack, shared by tests that restore its state."""
    with Stack(f"test-{os.getpid()}", {"classify-and-log": GENEROUS_TIMEOUTS}) as running_stack:
        _shared_stacks.append(running_stack)
        yield running_stack


@pytest.fixture(scope="module", autouse=True)
def modules_leave_no_messages() -> Iterator[None]:
    """Delete what a module leaves in the shared stack, so that no later test depends on it."""
    yield
    for shared in _shared_stacks:
        with psycopg.connect(shared.postgres_admin_dsn) as connection:
            messages = connection.execute("select from public.nlu_prompt_logs limit 1")
            if messages.rowcount:
                connection.execute(DELETE_ALL_ROWS)


@pytest.fixture(scope="session")
def packaging_python() -> Path:
    """The interpreter with Lambda's Python version; tests are skipped if it is not installed."""
    try:
        return find_lambda_python()
    except PackagingError as error:
        pytest.skip(str(error))
