"""A stack with a fault proxy, and a small load for it."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from tests.emptying import EMPTY

from .load import Load, wait_until_drained

MESSAGES = 32

# More than in a deployment: this is about what becomes of messages, on machines that may be busy.
DEADLINE = 1.5
PATIENT = {CLASSIFY: {"CAPTURE_TIMEOUT_SECONDS": str(DEADLINE)}}


@pytest.fixture(scope="session")
def faulty() -> Iterator[tuple[Stack, Load]]:
    with Stack(f"faults-{os.getpid()}", PATIENT, with_faults=True) as stack:
        stack.warm()
        yield stack, Load(stack, MESSAGES, DEADLINE)


@pytest.fixture
def stack_at_fault(faulty: tuple[Stack, Load]) -> Iterator[Stack]:
    stack, _ = faulty
    yield stack
    wait_until_drained(stack)
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(EMPTY)


@pytest.fixture
def load(faulty: tuple[Stack, Load], stack_at_fault: Stack) -> Load:
    faulty[1].change_user()
    return faulty[1]
