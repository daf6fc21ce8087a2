"""The console in a real browser, over the shared stack."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from infra.local.stack import Stack
from infra.local.users import User
from tests.database.rows import insert
from tests.database_reset import DELETE_ALL_ROWS, NOTHING_AT_RANDOM

from .browser import DESKTOP, Console, launch, open_console

OpenConsole = Callable[..., Console]
Capture = Callable[..., UUID]
Database = psycopg.Connection[tuple[Any, ...]]

_numbers = count(1)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests here; each gets a context of its own.

    While it is open, an event loop runs in this thread, so no asynchronous test could run.
    """
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def sender(stack: Stack) -> User:
    """A user of the assistant."""
    stack.warm()
    return stack.create_user("sender@example.com")


@pytest.fixture
def create_reviewer(stack: Stack) -> Callable[[], User]:
    """Create a reviewer, each with an address of their own."""
    return lambda: stack.create_reviewer(f"reviewer-{next(_numbers)}@example.com")


@pytest.fixture
def reviewer(create_reviewer: Callable[[], User]) -> User:
    """A reviewer without decisions."""
    return create_reviewer()


@contextmanager
def empty_database(stack: Stack) -> Iterator[Database]:
    """Connect to the database, without rows, and with nothing in the queue at random."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute(DELETE_ALL_ROWS)
        connection.execute(NOTHING_AT_RANDOM)
        yield connection
        connection.execute(DELETE_ALL_ROWS)


@pytest.fixture
def database(stack: Stack) -> Iterator[Database]:
    """The database for one test."""
    with empty_database(stack) as connection:
        yield connection


def capture_messages(database: Database, sender: User) -> Capture:
    """Return a function that captures a message that waits for review.

    Each message is less urgent than the one before.
    """
    confidences = (number / 1000 for number in range(100, 600))

    def capture_message(prompt: str, **columns: Any) -> UUID:
        return insert(
            database,
            **{
                "user_id": UUID(sender.id),
                "prompt": prompt,
                "confidence": next(confidences),
                "predicted_intent": "reschedule",
                "runner_up_intent": "scheduling",
                "runner_up_confidence": 0.05,
                **columns,
            },
        )

    return capture_message


@pytest.fixture
def capture(database: Database, sender: User) -> Capture:
    """Capture messages of one test."""
    return capture_messages(database, sender)


@contextmanager
def open_consoles(stack: Stack, browser: Browser) -> Iterator[OpenConsole]:
    """Yield a function that opens the console in a browser of its own.

    Fail if a browser complained.
    """
    consoles: list[Console] = []

    def open_in_new_context(size: tuple[int, int] = DESKTOP, **options: Any) -> Console:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        console = open_console(context, stack.console_url)
        consoles.append(console)
        return console

    yield open_in_new_context
    problems = [console.find_problems() for console in consoles]
    for console in consoles:
        console.page.context.close()
    assert problems == [[] for _ in consoles]


@pytest.fixture
def open_page(stack: Stack, browser: Browser) -> Iterator[OpenConsole]:
    """Open the console for one test."""
    with open_consoles(stack, browser) as open_in_new_context:
        yield open_in_new_context


def events(connection: Database, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of all corrections, in the order of recording."""
    query = f"select {', '.join(columns)} from public.correction_events order by id"
    return connection.execute(query.encode()).fetchall()
