"""The screen of health: every chart shows the planted numbers, and no text of a message."""

from itertools import count

import pytest
from playwright.sync_api import Locator

from infra.local.stack import Stack
from infra.local.users import User

from .browser import Console
from .conftest import Capture, Database, OpenConsole
from .health import AUDITED_DAY, SECRET, TODAY, days_ago, plant_health

_numbers = count(1)


@pytest.fixture
def viewer(stack: Stack, database: Database, capture: Capture) -> User:
    plant_health(stack, database, capture)
    return stack.create_viewer(f"viewer-{next(_numbers)}@example.com")


def open_health(open_page: OpenConsole, user: User) -> Console:
    """Sign in, and wait for the charts."""
    console = open_page().sign_in(user, "health")
    console.page.get_by_role("heading", name="Messages by source").wait_for()
    return console


def read_table(table: Locator) -> list[list[str]]:
    """Return the cells of each row, the header first."""
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    rows: list[list[str]] = table.locator("tr").evaluate_all(cells)
    return rows


def open_numbers(console: Console, title: str) -> list[list[str]]:
    """Open the numbers of a chart with the keyboard, and return its table."""
    figure = console.page.locator("figure", has=console.page.get_by_role("heading", name=title))
    figure.locator("summary").focus()
    console.press("Enter")
    table = figure.get_by_role("table")
    table.wait_for()
    return read_table(table)


def read_days(console: Console, title: str) -> dict[str, list[str]]:
    """Return what a chart over time shows by day."""
    return {day: values for day, *values in open_numbers(console, title)[1:]}


DAILY = {
    "Messages by source": {
        AUDITED_DAY: ["0", "40"], 3: ["12", "30"], 2: ["0", "0"], 1: ["0", "24"],
    },
    "Live accuracy": {
        AUDITED_DAY: ["40", "36", "90.0 %", "76.9 %", "96.0 %"],
        1: ["40", "36", "90.0 %", "76.9 %", "96.0 %"],
        AUDITED_DAY + 1: ["–", "–", "–", "–", "–"],
    },
    "Completeness of the audit": {AUDITED_DAY: ["40", "40", "100.0 %"], 3: ["0", "0", "–"]},
    "Answered with confidence": {3: ["42", "32", "76.2 %"], 1: ["24", "24", "100.0 %"]},
    "Out of scope": {3: ["30", "10", "33.3 %"], 1: ["24", "18", "75.0 %"], 2: ["0", "0", "–"]},
    "Failed workflows": {3: ["30", "10", "33.3 %"], 1: ["24", "6", "25.0 %"]},
    "Waiting for review": {4: ["31", "5"], 3: ["–", "–"], 2: ["47", "9"]},
    "Age of the backlog": {4: ["2 d"], 3: ["–"], 2: ["4 d"]},
}  # fmt: skip


def test_every_chart_over_time_shows_the_planted_numbers_and_what_changed(
    open_page: OpenConsole, viewer: User
) -> None:
    console = open_health(open_page, viewer)

    for title, planted in DAILY.items():
        shown = read_days(console, title)
        assert len(shown) == 30
        for days, values in planted.items():
            assert shown[days_ago(days).isoformat()][:-1] == values, (title, days)
        changes = {day: values[-1] for day, values in shown.items() if values[-1]}
        assert changes[days_ago(1).isoformat()] == "first message of the version model-8"
        assert "assistant-second was promoted" in changes[TODAY.isoformat()]
        assert len(changes) == 3


def test_no_text_of_a_message_is_received(open_page: OpenConsole, viewer: User) -> None:
    console = open_page()
    bodies: list[str] = []
    console.page.on(
        "response",
        lambda response: bodies.append(response.text() if "/rpc/" in response.url else ""),
    )
    console.sign_in(viewer, "health")
    console.page.get_by_role("heading", name="Messages by source").wait_for()

    assert SECRET not in console.page.content()
    assert any("model-8" in body for body in bodies)
    assert not any(SECRET in body or "grace" in body for body in bodies)
