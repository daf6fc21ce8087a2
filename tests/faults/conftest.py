"""A stack with a fault proxy, and a small load for it."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from tests.database_reset import DELETE_ALL_ROWS

from .load import MessageLoad, wait_until_drained

MESSAGES = 32

# More than in a deployment: these tests check the fate of messages, also on busy machines.
DEADLINE = 1.5
OVERRIDES = {CLASSIFY: {"CAPTURE_TIMEOUT_SECONDS": str(DEADLINE)}}


@pytest.fixture(scope="session")
def stack_and_load() -> Iterator[tuple[Stack, MessageLoad]]:
    with Stack(f"faults-{os.getpid()}", OVERRIDES, with_faults=True) as stack:
        stack.warm()
        yield stack, MessageLoad(stack, MESSAGES, DEADLINE)


@pytest.fixture
def fault_stack(stack_and_load: tuple[Stack, MessageLoad]) -> Iterator[Stack]:
    """A stack with a fault proxy; its tables are emptied after the test."""
    stack, _ = stack_and_load
    yield stack
    wait_until_drained(stack)
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture
def load(stack_and_load: tuple[Stack, MessageLoad], fault_stack: Stack) -> MessageLoad:
    _, load = stack_and_load
    load.change_user()
    return load
