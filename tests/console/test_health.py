"""The screen of health: every chart shows the planted numbers, and no text of a message.

The numbers are planted once, and most tests look at the same page.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from scipy.stats import binomtest

from infra.local.stack import Stack
from infra.local.users import User

from .browser import Console
from .charts import chart, open_numbers, read_table
from .conftest import OpenConsole, capture_messages, empty_database, open_consoles
from .health import (
    AUDITED_DAY,
    NONE,
    SECRET,
    TODAY,
    days_ago,
    open_health,
    plant_health,
    plant_marks,
)


@pytest.fixture(scope="module")
def viewer(stack: Stack, sender: User) -> Iterator[User]:
    with empty_database(stack) as database:
        plant_health(stack, database, capture_messages(database, sender))
        with plant_marks(database):
            yield stack.create_viewer("viewer-of-health@example.com")


@pytest.fixture(scope="module")
def health(stack: Stack, browser: Browser, viewer: User) -> Iterator[Console]:
    """The screen as a viewer sees it."""
    with open_consoles(stack, browser) as open_page:
        yield open_health(open_page(), viewer)


def read_days(console: Console, title: str) -> dict[str, list[str]]:
    """Return what a chart over time shows by day."""
    return {day: values for day, *values in open_numbers(console, title)[1:]}


def accuracy(right: int, audits: int) -> list[str]:
    """Return what is shown of decided audits, with the interval of SciPy."""
    interval = binomtest(right, audits).proportion_ci(method="wilson")
    shares = [f"{100 * share:.1f} %" for share in (right / audits, interval.low, interval.high)]
    return [str(audits), str(right), *shares]


DAILY = {
    "Messages by source": {
        AUDITED_DAY: ["0", "40"], 3: ["12", "30"], 2: ["0", "0"], 1: ["0", "24"],
    },
    "Live accuracy": {
        AUDITED_DAY: accuracy(36, 40),
        1: accuracy(36, 40),
        AUDITED_DAY + 1: [NONE, NONE, NONE, NONE, NONE],
    },
    "Completeness of the audit": {AUDITED_DAY: ["40", "40", "100.0 %"], 3: ["0", "0", NONE]},
    "Answered with confidence": {3: ["42", "32", "76.2 %"], 1: ["24", "24", "100.0 %"]},
    "Out of scope": {3: ["30", "10", "33.3 %"], 1: ["24", "18", "75.0 %"], 2: ["0", "0", NONE]},
    "Failed workflows": {3: ["30", "10", "33.3 %"], 1: ["24", "6", "25.0 %"]},
    "Waiting for review": {4: ["31", "5"], 3: [NONE, NONE], 2: ["47", "9"]},
    "Age of the backlog": {4: ["2 d"], 3: [NONE], 2: ["4 d"]},
}  # fmt: skip


def test_every_chart_over_time_shows_the_planted_numbers_and_what_changed(
    health: Console,
) -> None:
    for title, planted in DAILY.items():
        shown = read_days(health, title)
        assert len(shown) == 30
        for days, values in planted.items():
            assert shown[days_ago(days).isoformat()][:-1] == values, (title, days)
        changes = {day: values[-1] for day, values in shown.items() if values[-1]}
        assert changes[days_ago(1).isoformat()] == "first message of the version model-8"
        assert changes[days_ago(2).isoformat()] == "the package bbbbbbbbbbbb was deployed"
        assert "assistant-second was promoted" in changes[TODAY.isoformat()]
        assert "the intent travel was added" in changes[TODAY.isoformat()]
        assert len(changes) == 4
        assert chart(health, title).locator("svg .mark").count() == 4


def test_pointing_at_a_day_shows_its_numbers_and_what_changed(
    health: Console,
) -> None:
    messages = chart(health, "Messages by source")
    latest_mark = messages.locator(".mark").nth(2)

    latest_mark.locator("path").hover(force=True)

    readout = messages.locator(".readout")
    readout.get_by_text("first message of the version model-8").wait_for()
    assert readout.get_by_text("Model 24").is_visible()


def test_the_figures_are_read_once_and_no_text_of_a_message_is_received(
    open_page: OpenConsole, viewer: User
) -> None:
    console = open_page()
    bodies: list[str] = []
    console.page.on(
        "response",
        lambda response: bodies.append(response.text() if "/rpc/" in response.url else ""),
    )
    console.sign_in(viewer, "health")
    console.page.get_by_role("heading", name="Messages by source").wait_for()

    assert SECRET not in console.page.content()
    assert sum("model-8" in body for body in bodies) == 1
    assert not any(SECRET in body or "grace" in body for body in bodies)


TABLES = {
    "Intents by volume and failures": [
        ["email", "28", "10 of 28, 35.7 %", "10"],
        ["search", "38", "6 of 26, 23.1 %", "9"],
        ["reschedule", "40", NONE, NONE],
    ],
    "What is taken for what": [["reschedule", "help", "4", "4"]],
    "Accuracy by version": [["model-6", "40", "40", "90.0 %", "77.0 % to 96.0 %"]],
}
CALIBRATION = [
    ["model-6", "30 % to 40 %", "10", "6", "60.0 %"],
    ["model-6", "90 % to 100 %", "30", "30", "100.0 %"],
]


def test_rankings_accuracy_and_calibration_show_the_planted_numbers(
    health: Console,
) -> None:
    for title, planted in TABLES.items():
        rows = read_table(
            health.page.get_by_role("region", name=title, exact=True).get_by_role("table")
        )
        assert [
            row[: len(values)] for row, values in zip(rows[1:], planted, strict=True)
        ] == planted
    assert open_numbers(health, "Calibration by version")[1:] == CALIBRATION


def test_tasks_show_what_is_done_and_overdue_and_changes_are_listed(
    health: Console,
) -> None:
    page = health.page
    table = page.get_by_role("group", name="Table: Tasks")
    tasks = {name: cells for name, *cells in read_table(table)}
    _, due, lines = tasks["Export weekly"]
    assert due.endswith("overdue")
    assert lines == "100 lines"
    assert tasks["Retention"][0] != NONE
    assert "overdue" not in tasks["Retention"][1]
    assert "messages are kept for 90 days" in tasks["Retention"][2]
    assert tasks["Retraining"][2].startswith("0 corrections since; the run of ")
    assert tasks["Retraining"][2].endswith(" did not end")
    assert tasks["Review"][0] != NONE == tasks["Alerts"][1]
    changes = page.get_by_role("region", name="What changed").get_by_role("listitem")
    shown = [change.inner_text() for change in changes.all()]
    assert any("first message of the version rules-7" in one for one in shown)
    assert any("assistant-first was quarantined" in one for one in shown)


def test_another_period_shows_more_days(health: Console) -> None:
    health.page.get_by_label("Period").select_option("Last 90 days")
    health.page.get_by_label(f"from {days_ago(89).isoformat()}").first.wait_for()

    assert len(read_days(health, "Failed workflows")) == 90


def test_a_viewer_sees_alerts_and_what_to_do_and_handles_none(
    health: Console,
) -> None:
    page = health.page
    alert = page.get_by_role("article", name="Alert 1")
    alert.get_by_role("heading", name="open workflows fail: search").wait_for()

    alert.get_by_text("What to do").click()

    assert alert.get_by_text("The workflows of one intent fail").is_visible()
    assert alert.get_by_text("docs/how-to/operate.md#workflows-fail").is_visible()
    assert alert.get_by_role("button").count() == 0
